//! The head of a response: status, and where its body ends.

use crate::error::CallError;

/// More header fields than any server under test sends.
const MAX_HEADERS: usize = 64;

/// How the end of a body is told (RFC 9112 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length(usize),
    Chunked,
}

/// A complete response head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Bytes of the head: where the body starts.
    pub len: usize,
    pub status: u16,
    pub framing: Framing,
}

impl Head {
    /// The head at the beginning of these bytes, or `None` when more of them are needed.
    pub fn parse(bytes: &[u8]) -> Result<Option<Self>, CallError> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let len = match response.parse(bytes) {
            Ok(httparse::Status::Complete(len)) => len,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(CallError::NotHttp("malformed head")),
        };
        let status = response.code.ok_or(CallError::NotHttp("no status"))?;
        let framing = framing(response.headers)?;
        Ok(Some(Self {
            len,
            status,
            framing,
        }))
    }
}

fn framing(headers: &[httparse::Header<'_>]) -> Result<Framing, CallError> {
    for header in headers {
        if header.name.eq_ignore_ascii_case("content-length") {
            let length = std::str::from_utf8(header.value)
                .ok()
                .and_then(|text| text.parse().ok());
            return length
                .map(Framing::Length)
                .ok_or(CallError::NotHttp("malformed content-length"));
        }
        if header.name.eq_ignore_ascii_case("transfer-encoding")
            && header.value.eq_ignore_ascii_case(b"chunked")
        {
            return Ok(Framing::Chunked);
        }
    }
    Err(CallError::NotHttp("neither content-length nor chunked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_says_where_the_body_ends() {
        let with_length = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n";
        let head = Head {
            len: with_length.len(),
            status: 200,
            framing: Framing::Length(12),
        };
        assert_eq!(Head::parse(with_length).unwrap(), Some(head));
        let chunked = b"HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n5\r\n";
        let head = Head {
            len: chunked.len() - 3,
            status: 404,
            framing: Framing::Chunked,
        };
        assert_eq!(Head::parse(chunked).unwrap(), Some(head));
    }

    #[test]
    fn half_a_head_waits_and_one_without_an_end_fails() {
        assert_eq!(Head::parse(b"HTTP/1.1 200 OK\r\nContent-Le").unwrap(), None);
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(Head::parse(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n").is_err());
        assert!(Head::parse(b"nonsense\r\n\r\n").is_err());
    }
}
