//! raystream v1: frames, handshake, key schedule, replay window, envelope.
