/** A frame's flags (protocol §1). */
export const s2c = 1;
export const resume = 2;
export const aesgcm = 4;
export const fin = 8;
export const padded = 16;
export const clear = 32;
export const credit = 64;
