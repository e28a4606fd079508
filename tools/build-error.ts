/** Why a module could not be built, for whoever wanted it. */
export class BuildError extends Error {}
