//! A scanner for TypeScript that knows just enough to never be fooled by strings, templates,
//! comments, regular expressions or JSX text: it reports every `@name` in code.

use std::collections::HashMap;

use super::Found;
use crate::diagnostics::Range;

/// Nesting of templates and JSX the scanner follows.
const MAX_DEPTH: usize = 200;

pub(super) struct Scan {
    pub found: Vec<Found>,
    pub gave_up: Option<Range>,
}

pub(super) fn scan(text: &str, jsx: bool) -> Scan {
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        at: 0,
        jsx,
        depth: 0,
        previous: Token::Operator,
        brackets: Vec::new(),
        found: Vec::new(),
        gave_up: None,
        in_vain: 0,
        closings: None,
    };
    // A hashbang is a comment at the very start (ECMA-262, 12.5).
    if text.starts_with("#!") {
        scanner.line_comment();
    }
    scanner.code(Until::End);
    Scan {
        found: scanner.found,
        gave_up: scanner.gave_up,
    }
}

/// What came before decides whether `/` divides and whether `<` opens an element.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A value ended here: `/` divides.
    Operand,
    /// A value is expected: `/` opens a regular expression.
    Operator,
    /// `if`, `while`, `for`, `with`: the closing parenthesis that follows ends no value.
    Condition,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    End,
    /// The `}` that closes a `${` or a JSX `{`.
    Brace,
    /// The `)` that closes a decorator's arguments.
    Parenthesis,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    jsx: bool,
    depth: usize,
    previous: Token,
    /// What each open bracket's closing one means for the next token.
    brackets: Vec<Token>,
    found: Vec<Found>,
    gave_up: Option<Range>,
    /// Bytes read for regular expressions that were none.
    in_vain: usize,
    /// Where each name is closed for the last time, once it is asked for.
    closings: Option<HashMap<&'a str, usize>>,
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

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Scans code up to and including the bracket asked for; `false` at the end of the text.
    fn code(&mut self, until: Until) -> bool {
        if self.depth >= MAX_DEPTH {
            let at = u32::try_from(self.at).unwrap_or(u32::MAX);
            self.gave_up.get_or_insert(Range::new(at, at + 1));
            self.at = self.bytes.len();
            return false;
        }
        self.depth += 1;
        let floor = self.brackets.len();
        let closed = self.code_above(until, floor);
        self.brackets.truncate(floor);
        self.depth -= 1;
        closed
    }

    fn code_above(&mut self, until: Until, floor: usize) -> bool {
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                b'\'' | b'"' => {
                    self.string(byte);
                    self.previous = Token::Operand;
                }
                b'`' => {
                    self.at += 1;
                    self.template();
                    self.previous = Token::Operand;
                }
                b'/' if self.peek(1) == b'/' => self.line_comment(),
                b'/' if self.peek(1) == b'*' => self.block_comment(),
                b'/' => self.slash(),
                b'<' if self.jsx && self.previous != Token::Operand && self.opens_element() => {
                    self.element();
                    self.previous = Token::Operand;
                }
                b'@' => self.decorator(),
                b'(' | b'[' | b'{' => self.open(byte),
                b')' | b']' | b'}' => {
                    self.at += 1;
                    if self.brackets.len() == floor {
                        let closes = match until {
                            Until::End => false,
                            Until::Brace => byte == b'}',
                            Until::Parenthesis => byte == b')',
                        };
                        if closes {
                            return true;
                        }
                        self.previous = Token::Operand;
                    } else if let Some(after) = self.brackets.pop() {
                        self.previous = after;
                    }
                }
                b'+' | b'-' if self.peek(1) == byte => {
                    self.at += 2;
                    // `x++ / 2` divides, `++/re/.lastIndex` is nobody's code.
                    self.previous = Token::Operand;
                }
                b'!' if self.previous == Token::Operand && self.peek(1) != b'=' => self.at += 1,
                b'0'..=b'9' => self.number(),
                _ if is_word_byte(byte) => self.word(),
                _ => {
                    self.at += 1;
                    self.previous = Token::Operator;
                }
            }
        }
        false
    }

    fn open(&mut self, byte: u8) {
        self.at += 1;
        let after = match byte {
            b'(' if self.previous == Token::Condition => Token::Operator,
            // A brace where a value is expected is an object; elsewhere it is a block.
            b'{' if self.previous == Token::Operand => Token::Operator,
            _ => Token::Operand,
        };
        self.brackets.push(after);
        self.previous = Token::Operator;
    }

    fn string(&mut self, quote: u8) {
        self.at += 1;
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'\\' => self.at += 2,
                b'\n' => return,
                byte => {
                    self.at += 1;
                    if byte == quote {
                        return;
                    }
                }
            }
        }
        self.at = self.bytes.len();
    }

    /// After the opening backtick, up to and including the closing one.
    fn template(&mut self) {
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b'\\' => self.at += 2,
                b'`' => {
                    self.at += 1;
                    return;
                }
                b'$' if self.peek(1) == b'{' => {
                    self.at += 2;
                    self.previous = Token::Operator;
                    self.code(Until::Brace);
                }
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
    }

    fn line_comment(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest
            .find(['\n', '\r', '\u{2028}', '\u{2029}'])
            .unwrap_or(rest.len());
    }

    fn block_comment(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest[2..].find("*/").map_or(rest.len(), |i| i + 4);
    }

    fn slash(&mut self) {
        let end = if self.previous == Token::Operand {
            None
        } else {
            self.regex_end()
        };
        if let Some(end) = end {
            self.at = end;
            self.previous = Token::Operand;
        } else {
            self.at += 1;
            self.previous = Token::Operator;
        }
    }

    /// A regular expression ends on its own line; what doesn't is a division after all.
    ///
    /// What is read ahead in vain is counted: a line of nothing but slashes is not read again for each.
    fn regex_end(&mut self) -> Option<usize> {
        if self.in_vain > 4 * self.bytes.len() + 0x10000 {
            return None;
        }
        let (end, read) = self.regex_from(self.at + 1);
        if end.is_none() {
            self.in_vain += read;
        }
        end
    }

    /// Where the regular expression ends whose inside starts at `start`, and how far was read for that.
    fn regex_from(&self, start: usize) -> (Option<usize>, usize) {
        let mut at = start;
        let mut class = false;
        loop {
            let Some(byte) = self.bytes.get(at) else {
                return (None, at - start);
            };
            match byte {
                b'\n' | b'\r' => return (None, at - start),
                b'\\' => at += 1,
                b'[' => class = true,
                b']' => class = false,
                b'/' if !class => break,
                _ => {}
            }
            at += 1;
        }
        at += 1;
        while self.bytes.get(at).is_some_and(u8::is_ascii_alphanumeric) {
            at += 1;
        }
        (Some(at), at - start)
    }

    fn number(&mut self) {
        while is_word_byte(self.peek(0)) || self.peek(0) == b'.' {
            self.at += 1;
        }
        self.previous = Token::Operand;
    }

    fn word(&mut self) {
        let start = self.at;
        while is_word_byte(self.peek(0)) {
            self.at += 1;
        }
        let member = self.text[..start].trim_end().ends_with('.');
        self.previous = match &self.text[start..self.at] {
            _ if member => Token::Operand,
            "if" | "while" | "for" | "with" => Token::Condition,
            // `for await (`
            "await" if self.previous == Token::Condition => Token::Condition,
            "return" | "typeof" | "instanceof" | "in" | "of" | "new" | "delete" | "void"
            | "throw" | "case" | "do" | "else" | "yield" | "await" | "default" | "extends" => {
                Token::Operator
            }
            _ => Token::Operand,
        };
    }

    fn decorator(&mut self) {
        let start = self.at;
        self.at += 1;
        let name_start = self.at;
        while is_word_byte(self.peek(0)) || (self.peek(0) == b'.' && is_word_byte(self.peek(1))) {
            self.at += 1;
        }
        if name_start == self.at {
            self.previous = Token::Operator;
            return;
        }
        let name = self.text[name_start..self.at].to_owned();
        let index = self.found.len();
        let mut found = Found {
            name,
            range: range(start, self.at),
            arguments: None,
        };
        if self.peek(0) == b'(' {
            self.at += 1;
            let inner = self.at;
            self.previous = Token::Operator;
            let closed = self.code(Until::Parenthesis);
            self.at = self.at.min(self.bytes.len());
            found.arguments = Some(range(inner, if closed { self.at - 1 } else { self.at }));
            found.range = range(start, self.at);
            // What looks like a decorator inside the arguments is part of them.
            self.found.truncate(index);
        }
        self.found.push(found);
        self.previous = Token::Operator;
    }

    /// `<div`, `<>` and `<a.b` open an element; `<T,>(`, `<T extends U>(` and `<const T>(` are generic
    /// arrows, and `<T>(x: T) => void` is a type: nothing closes it.
    fn opens_element(&mut self) -> bool {
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
    fn element(&mut self) {
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

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte == b'#' || byte >= 0x80
}

fn range(start: usize, end: usize) -> Range {
    Range::new(
        u32::try_from(start).unwrap_or(u32::MAX),
        u32::try_from(end).unwrap_or(u32::MAX),
    )
}
