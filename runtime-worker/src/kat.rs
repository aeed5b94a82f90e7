//! The protocol's known answers, computed in workerd: the request brings the inputs, the reply is
//! every frame and key that follows from them. Built with the feature `kat` only.

use kontract_raystream::{
    CallId, Direction, Flags, FrameBuf, Incoming, Initiator, Limits, MessageType, Responder,
    Sealer, SessionId, StaticKey, Suite,
};
use serde_json::{Map, Value};
use worker::{Request, Response};

/// The values of `raystream-kat.json` that are inputs, as the request's JSON; all the others, as the
/// reply's.
pub async fn answer(request: &mut Request) -> worker::Result<Response> {
    let inputs: Map<String, Value> = request.json().await?;
    Response::from_json(&compute(&Inputs(inputs)))
}

struct Inputs(Map<String, Value>);

impl Inputs {
    fn bytes(&self, name: &str) -> Vec<u8> {
        let text = self.0.get(name).and_then(Value::as_str).unwrap_or_default();
        let digits = text.as_bytes().chunks_exact(2);
        let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap_or_default(), 16);
        digits.map(|pair| byte(pair).unwrap_or_default()).collect()
    }

    fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap_or([0; N])
    }
}

fn compute(inputs: &Inputs) -> Map<String, Value> {
    let mut outputs = Map::new();
    let mut put = |name: &str, bytes: &[u8]| {
        let hex = bytes
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>();
        outputs.insert(name.to_owned(), hex.into());
    };
    let limits = Limits::default();
    let key = StaticKey::from_private(inputs.array("static_priv"));
    put("static_pub", &key.public().0);
    put("key_id", &key.id().0);

    let hello = inputs.bytes("client_hello");
    let ephemeral = inputs.array("client_eph_priv");
    let start = Initiator::start(Suite::ChaChaPoly, key.public(), ephemeral, |b| {
        b.extend(&hello)
    });
    let Ok((_, mut init)) = start else {
        return outputs;
    };
    put("init_frame", &init);
    let Ok(frame) = Incoming::parse(&mut init, Direction::ClientToServer, limits) else {
        return outputs;
    };
    let Ok((_, responder)) = Responder::accept(&[key], frame) else {
        return outputs;
    };
    let hello = inputs.bytes("server_hello");
    let answer = responder.respond(inputs.array("server_eph_priv"), |b| b.extend(&hello));
    let Ok((response, output)) = answer else {
        return outputs;
    };
    put("response_frame", &response);
    put("handshake_hash", output.hash());

    let keys = output.into_keys(SessionId(inputs.array("session_id")));
    put("k_c2s", keys.client_to_server.as_slice());
    put("k_s2c", keys.server_to_client.as_slice());
    put("resume_psk", keys.resume_psk.as_slice());
    put("exporter", keys.exporter.as_slice());
    for (direction, message_type, key, name) in [
        (
            Direction::ClientToServer,
            MessageType::RpcCall,
            &keys.client_to_server,
            "rpc_call",
        ),
        (
            Direction::ServerToClient,
            MessageType::RpcResponse,
            &keys.server_to_client,
            "rpc_response",
        ),
    ] {
        let sealer = Sealer::new(Suite::ChaChaPoly, direction, key, limits);
        let plain = FrameBuf::from_payload(&inputs.bytes(&format!("{name}_plain")));
        if let Ok(frame) = sealer.seal(message_type, CallId(1), Flags::NONE, plain) {
            put(&format!("{name}_frame"), &frame);
        }
    }
    outputs
}
