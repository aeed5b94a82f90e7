//! JSX, as far as the scanner has to follow it: text between tags is no code.

use std::collections::HashMap;

use super::scanner::{Scanner, Token, Until, is_word_byte};

impl Scanner<'_> {
    /// `<div`, `<>` and `<a.b` open an element; `<T,>(`, `<T extends U>(` and `<const T>(` are generic
    /// arrows, and `<T>(x: T) => void` is a type: nothing closes it.
    pub(super) fn opens_element(&mut self) -> bool {
        let text = self.text;
        let rest = &text[self.at + 1..];
        if rest.starts_with('>') {
            return true;
        }
        let length = name_length(rest);
        let name = &rest[..length];
        let after = rest[length..].trim_start();
        if name.is_empty() || name == "const" || after.starts_with([',', '=']) {
            return false;
        }
        if after.starts_with("extends ") {
            return false;
        }
        if !after.starts_with('>') {
            return true;
        }
        let closings = self.closings.get_or_insert_with(|| closings(text));
        closings.get(name).is_some_and(|last| *last > self.at)
    }

    /// A JSX element from its `<` to the end of its closing tag.
    pub(super) fn element(&mut self) {
        let mut open = 0usize;
        loop {
            // At a `<`.
            self.at += 1;
            let closing = self.peek(0) == b'/';
            let self_closed = self.tag();
            match (closing, self_closed) {
                (true, _) => open = open.saturating_sub(1),
                (false, true) => {}
                (false, false) => open += 1,
            }
            if open == 0 || !self.children() {
                return;
            }
        }
    }

    /// The inside of a tag up to and including `>`; whether it ended in `/>`.
    fn tag(&mut self) -> bool {
        let mut slash = false;
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'>' => {
                    self.at += 1;
                    return slash;
                }
                quote @ (b'"' | b'\'') => {
                    self.at += 1;
                    while self.at < self.bytes.len() && self.bytes[self.at] != quote {
                        self.at += 1;
                    }
                    self.at += 1;
                    slash = false;
                }
                b'{' => {
                    self.at += 1;
                    self.previous = Token::Operator;
                    self.code(Until::Brace);
                    slash = false;
                }
                byte => {
                    slash = byte == b'/';
                    self.at += 1;
                }
            }
        }
        false
    }

    /// JSX text and `{…}` up to the next `<`; `false` at the end of the text.
    fn children(&mut self) -> bool {
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'<' => return true,
                b'{' => {
                    self.at += 1;
                    self.previous = Token::Operator;
                    self.code(Until::Brace);
                }
                _ => self.at += 1,
            }
        }
        false
    }
}

/// The last `</name` of every name: looking ahead from each `<` would read a file again and again.
fn closings(text: &str) -> HashMap<&str, usize> {
    let all = text.match_indices("</").map(|(at, _)| {
        let rest = &text[at + 2..];
        (&rest[..name_length(rest)], at)
    });
    all.collect()
}

fn name_length(text: &str) -> usize {
    text.bytes()
        .take_while(|b| is_word_byte(*b) || matches!(b, b'.' | b'-' | b':'))
        .count()
}
