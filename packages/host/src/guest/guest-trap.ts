/** Thrown out of an import to unwind the guest: the call fails and its instance is not used again. */
export class GuestTrap extends Error {
  override readonly name = 'GuestTrap';
}

/** Thrown out of an import when the work that the host did for this call uses up its budget. */
export class OutOfEnergy extends Error {
  override readonly name = 'OutOfEnergy';
}
