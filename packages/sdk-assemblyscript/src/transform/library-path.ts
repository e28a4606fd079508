/** The package that modules import. */
export const libraryName = '@lightcone/sdk-assemblyscript';

/** Its files, as asc calls them. */
export const libraryPath: string = `~lib/${libraryName}`;
