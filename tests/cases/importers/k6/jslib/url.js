// Stands in for the library of this name when k6 runs the cases, which have no network.
export class URL {}
export class URLSearchParams {}
