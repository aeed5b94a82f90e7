//! Any bytes as any payload: no panic, every budget kept, and what was read reads the same once
//! written again.

use std::fmt::Debug;

use kontract_raystream::{
    ClientHello, Credit, EnvelopeError, Event, FrameBuf, Heartbeat, RpcCall, RpcError, RpcResponse,
    ServerHello, Subscribe,
};

/// Writes it and hands the bytes to the reader, which must find the same.
macro_rules! round_trip {
    ($table:ident, $data:expr) => {
        if let Ok(read) = $table::decode($data) {
            let mut buffer = FrameBuf::with_capacity(0);
            read.encode(&mut buffer);
            same(&read, &$table::decode(buffer.payload()));
        }
    };
}

pub fn run(data: &[u8]) {
    round_trip!(RpcCall, data);
    round_trip!(RpcResponse, data);
    round_trip!(RpcError, data);
    round_trip!(Subscribe, data);
    round_trip!(Credit, data);
    round_trip!(Event, data);
    round_trip!(Heartbeat, data);
    round_trip!(ClientHello, data);
    round_trip!(ServerHello, data);
    if let Ok(call) = RpcCall::decode(data) {
        assert!(call.method.len() <= 256 && call.metadata.len() <= 64);
        assert!(call.token.is_none_or(|token| token.len() <= 16 * 1024));
        let short = |(key, value): &(&str, &str)| key.len() <= 128 && value.len() <= 8 * 1024;
        assert!(call.metadata.iter().all(short));
    }
    if let Ok(subscribe) = Subscribe::decode(data) {
        assert!(
            subscribe
                .resume_token
                .is_none_or(|token| token.len() <= 512)
        );
    }
}

fn same<T: PartialEq + Debug>(first: &T, again: &Result<T, EnvelopeError>) {
    assert_eq!(Ok(first), again.as_ref());
}
