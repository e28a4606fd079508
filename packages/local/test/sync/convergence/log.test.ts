// Devices that diverge in every way, and must come together: see scenario.ts.
import { testConvergence } from './converge.ts';

testConvergence('log', 1400);
