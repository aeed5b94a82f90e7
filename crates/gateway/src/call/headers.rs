//! What a handler sees as `ctx.headers`: those of the carrying request, and the call's metadata.

/// Credentials of the carrying request, which are nobody's identity here, and what is about that
/// connection alone (RFC 9110 section 7.6.1): handlers see none of them.
const WITHHELD: [&str; 14] = [
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Of the call, whatever carries it: a socket's upgrade belongs to another operation
/// (W3C Trace Context, Baggage).
const OF_THE_CALL: [&str; 3] = ["traceparent", "tracestate", "baggage"];

/// The headers of a call, names in lower case. Metadata never stands in for a header of the carrier,
/// which a proxy may have set (`x-forwarded-for`), but for those that are the call's own.
pub(super) fn of_call(
    carrier: &[(String, String)],
    metadata: &[(&str, &str)],
) -> Vec<(String, String)> {
    let metadata: Vec<_> = metadata
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), *value))
        .filter(|(name, _)| !is_withheld(name))
        .collect();
    let taken = carrier.iter().filter(|(name, _)| {
        let replaced = is_of_the_call(name) && metadata.iter().any(|(own, _)| own == name);
        !is_withheld(name) && !replaced
    });
    let mut headers: Vec<_> = taken.cloned().collect();
    let own = metadata.iter().filter(|(name, _)| {
        is_of_the_call(name) || !carrier.iter().any(|(taken, _)| taken == name)
    });
    headers.extend(own.map(|(name, value)| (name.clone(), (*value).to_owned())));
    headers
}

fn is_withheld(name: &str) -> bool {
    WITHHELD.contains(&name) || name.starts_with("sec-websocket-")
}

fn is_of_the_call(name: &str) -> bool {
    OF_THE_CALL.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(carrier: &[(&str, &str)], metadata: &[(&str, &str)]) -> Vec<String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let carrier: Vec<_> = carrier.iter().map(owned).collect();
        let headers = of_call(&carrier, metadata);
        headers
            .into_iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect()
    }

    #[test]
    fn credentials_and_what_is_about_the_connection_stay_behind() {
        let carrier = [
            ("cookie", "session=1"),
            ("authorization", "Bearer t"),
            ("proxy-authorization", "Basic p"),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-key", "k"),
            ("content-length", "12"),
            ("user-agent", "test"),
        ];
        assert_eq!(seen(&carrier, &[("Cookie", "a=b")]), ["user-agent: test"]);
    }

    #[test]
    fn metadata_adds_and_never_replaces_but_the_trace() {
        let carrier = [
            ("x-forwarded-for", "192.0.2.1"),
            ("traceparent", "00-carrier"),
        ];
        let metadata = [
            ("X-Forwarded-For", "203.0.113.9"),
            ("traceparent", "00-call"),
            ("X-Tenant", "a"),
        ];
        assert_eq!(
            seen(&carrier, &metadata),
            [
                "x-forwarded-for: 192.0.2.1",
                "traceparent: 00-call",
                "x-tenant: a"
            ]
        );
        assert_eq!(seen(&carrier, &[])[1], "traceparent: 00-carrier");
    }
}
