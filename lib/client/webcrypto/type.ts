/** What a frame is (protocol §1). Constants by themselves: bundlers write their values in. */
export const init = 0x01;
export const response = 0x02;
export const call = 0x10;
export const reply = 0x11;
export const error = 0x12;
export const subscribe = 0x20;
export const event = 0x21;
export const heartbeat = 0x30;
export const close = 0xff;
