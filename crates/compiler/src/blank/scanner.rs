//! A scanner for TypeScript that knows just enough to never be fooled by strings, templates,
//! comments, regular expressions or JSX text: it reports every `@name` in code.

use std::collections::HashMap;

use super::guesses::Guesses;
use super::{Found, GaveUp};
use crate::diagnostics::Range;

/// Nesting of templates and JSX the scanner follows.
const MAX_DEPTH: usize = 200;

pub(super) struct Scan {
    pub found: Vec<Found>,
    pub gave_up: Option<GaveUp>,
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
        guesses: Guesses::default(),
        word_end: 0,
        gave_up: None,
        in_vain: 0,
        closings: None,
    };
    // A hashbang is a comment at the very start (ECMA-262, 12.5).
    if text.starts_with("#!") {
        scanner.line_comment();
    }
    scanner.code(Until::End);
    let too_many = scanner.guesses.too_many;
    let too_many = too_many.map(|at| GaveUp::Guesses(range(at, at + 1)));
    Scan {
        found: scanner.found,
        gave_up: scanner.gave_up.map(GaveUp::Depth).or(too_many),
    }
}

/// What came before decides whether `/` divides and whether `<` opens an element.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// A value ended here: `/` divides.
    Operand,
    /// A value is expected: `/` opens a regular expression.
    Operator,
    /// `if`, `while`, `for`, `with`: the closing parenthesis that follows ends no value.
    Condition,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    End,
    /// The `}` that closes a `${` or a JSX `{`.
    Brace,
    /// The `)` that closes a decorator's arguments.
    Parenthesis,
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    jsx: bool,
    depth: usize,
    pub(super) previous: Token,
    /// What each open bracket's closing one means for the next token.
    brackets: Vec<Token>,
    found: Vec<Found>,
    guesses: Guesses,
    /// Where the last word ended.
    word_end: usize,
    gave_up: Option<Range>,
    /// Bytes read for regular expressions that were none.
    in_vain: usize,
    /// Where each name is closed for the last time, once it is asked for.
    pub(super) closings: Option<HashMap<&'a str, usize>>,
}

impl Scanner<'_> {
    pub(super) fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Scans code up to and including the bracket asked for; `false` at the end of the text.
    pub(super) fn code(&mut self, until: Until) -> bool {
        if self.depth >= MAX_DEPTH {
            let at = u32::try_from(self.at).unwrap_or(u32::MAX);
            self.gave_up.get_or_insert(Range::new(at, at + 1));
            self.at = self.bytes.len();
            return false;
        }
        self.depth += 1;
        let floor = self.brackets.len();
        let levels = self.guesses.depth();
        self.guesses.open_bracket();
        let closed = self.code_above(until, floor);
        self.brackets.truncate(floor);
        self.guesses.close_to(levels);
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
                    if self.text[..self.at].ends_with('>') && !self.text[..self.at].ends_with("=>")
                    {
                        self.guesses.once(self.at);
                    }
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
                b'?' => self.question(),
                b':' => {
                    let before = self.text[..self.at].trim_end();
                    self.guesses.colon(before.ends_with(')'));
                    self.operator(1);
                }
                b'=' if self.peek(1) == b'>' => {
                    self.guesses.arrow(self.at);
                    self.operator(2);
                }
                b'<' => {
                    if self.previous != Token::Operand && is_word_byte(self.peek(1)) {
                        self.guesses.once(self.at);
                    }
                    self.operator(1);
                }
                b',' | b';' => {
                    self.guesses.end_of_item();
                    self.operator(1);
                }
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
                        self.guesses.close_bracket();
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
                _ => self.operator(1),
            }
        }
        false
    }

    fn operator(&mut self, length: usize) {
        self.at += length;
        self.previous = Token::Operator;
    }

    /// `a ? b : c`, and not `?.`, `??` or the mark of something optional.
    fn question(&mut self) {
        let next = self.peek(1);
        if next == b'?' || (next == b'.' && !self.peek(2).is_ascii_digit()) {
            self.operator(2);
            return;
        }
        let after = self.text[self.at + 1..].trim_start();
        if !after.starts_with([':', ',', ')', ']', '}', ';', '=']) {
            self.guesses.question();
        }
        self.operator(1);
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
        self.guesses.open_bracket();
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
        let word = &self.text[start..self.at];
        self.follow_word(start, word);
        self.word_end = self.at;
        self.previous = match word {
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

    /// A word behind a value starts a statement, but for those that are operators.
    fn follow_word(&mut self, start: usize, word: &str) {
        const OPERATORS: [&str; 8] = [
            "as",
            "satisfies",
            "in",
            "of",
            "instanceof",
            "is",
            "extends",
            "keyof",
        ];
        let before = &self.text[..self.word_end];
        let adjoins = self.text[self.word_end..start].trim().is_empty();
        let behind_value = match self.previous {
            Token::Operand => {
                !(adjoins && (before.ends_with("async") || before.ends_with("infer")))
            }
            // `() => void` ends a member.
            _ => adjoins && before.ends_with("void"),
        };
        if behind_value && !OPERATORS.contains(&word) {
            self.guesses.end_of_item();
        }
        if word == "infer" && self.peek(0) == b' ' {
            self.guesses.once(start);
        }
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
}

pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte == b'#' || byte >= 0x80
}

fn range(start: usize, end: usize) -> Range {
    Range::new(
        u32::try_from(start).unwrap_or(u32::MAX),
        u32::try_from(end).unwrap_or(u32::MAX),
    )
}
