//! As much of HTTP/1.1 as `fetch` needs: POST with a length, connections kept alive, CORS refused.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

/// Answers requests until the client hangs up. An empty answer hangs up without one.
pub fn serve(stream: TcpStream, answer: impl Fn(&str, &mut [u8]) -> Vec<u8>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some((path, mut body)) = request(&mut reader) {
        let reply = answer(&path, &mut body);
        if reply.is_empty() {
            return;
        }
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
            reply.len(),
        );
        if writer
            .write_all(&[head.as_bytes(), &reply].concat())
            .is_err()
        {
            return;
        }
    }
}

fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, Vec<u8>)> {
    let mut path = None;
    let mut length = 0;
    for line in reader.lines() {
        let line = line.ok()?;
        if line.is_empty() {
            break;
        }
        if path.is_none() {
            path = Some(line.split(' ').nth(1)?.to_owned());
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path?, body))
}
