// What the package's build puts into the scripts.

/** What the module of the same build is marked with: name, version and checksum. */
declare const BUILD: string;
/** Whether this is the entry that has the module inside. */
declare const IS_INSIDE: boolean;
