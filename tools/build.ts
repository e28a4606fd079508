// `npm run build`: every package compiled to its `dist`, and the `spacetime` command with its server bundled.
import { run } from './run.ts';

const compiled = await run('tsc', ['-b']);
process.exit(compiled === 0 ? await run(process.execPath, ['tools/bundle.ts']) : compiled);
