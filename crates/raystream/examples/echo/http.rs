//! As much of HTTP/1.1 as `fetch` needs: POST with a length, connections kept alive, CORS refused.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

const FRAMES: &str = "application/raystream-frames";

/// Answers requests until the client hangs up. An empty answer hangs up without one.
pub fn serve(stream: TcpStream, answer: impl Fn(&str, &mut [u8]) -> Vec<u8>) {
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    while let Some((path, several, mut body)) = request(&mut reader) {
        let (reply, kind) = if several {
            (each(&mut body, |frame| answer(&path, frame)), FRAMES)
        } else {
            (answer(&path, &mut body), "application/octet-stream")
        };
        if reply.is_empty() {
            return;
        }
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n",
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

/// Answers each of `(u32 length ‖ frame)*`, one after another, in the same form.
fn each(mut body: &mut [u8], answer: impl Fn(&mut [u8]) -> Vec<u8>) -> Vec<u8> {
    let mut replies = Vec::new();
    while let Some((length, rest)) = body.split_first_chunk_mut::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap();
        let (frame, rest) = rest.split_at_mut(length);
        let reply = answer(frame);
        replies.extend_from_slice(&u32::try_from(reply.len()).unwrap().to_be_bytes());
        replies.extend_from_slice(&reply);
        body = rest;
    }
    replies
}

/// The path, whether the body holds several frames, and the body.
fn request(reader: &mut BufReader<TcpStream>) -> Option<(String, bool, Vec<u8>)> {
    let mut path = None;
    let mut several = false;
    let mut length = 0;
    for line in reader.lines() {
        let line = line.ok()?;
        if line.is_empty() {
            break;
        }
        if path.is_none() {
            path = Some(line.split(' ').nth(1)?.to_owned());
        } else if let Some((name, value)) = line.split_once(':') {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "content-type" => several = value.trim() == FRAMES,
                _ => {}
            }
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((path?, several, body))
}
