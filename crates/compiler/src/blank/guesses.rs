//! Where swc's parser reads ahead to tell what it has before it, and how many such places lie inside
//! one another.
//!
//! What is read ahead in vain is read again, so two such places inside one another are read four times
//! and thirty would never end. Measured with `swc_ecma_parser` 47.0.0, these double the time:
//! - `<T>(…)` where a value is expected: a generic arrow, or else an assertion;
//! - `a ? (b) : c => …`: an arrow with a return type, or else the end of the conditional;
//! - `infer U extends …` and a template behind type arguments, when there is an error in them.

/// How many may lie inside one another. Sane code has two or three; sixteen take a quarter of a second.
const MOST: u32 = 16;

/// Follows the brackets of a file.
#[derive(Default)]
pub(super) struct Guesses {
    levels: Vec<Level>,
    /// In all open levels.
    open: u32,
    /// Where there were too many for the first time.
    pub too_many: Option<usize>,
}

/// What stands between one open bracket and its closing one, in the statement or item being read.
#[derive(Default)]
struct Level {
    guesses: u32,
    /// `?` without their `:`.
    conditions: u32,
    /// After the `) :` of a conditional.
    maybe_returns: bool,
}

impl Guesses {
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    pub fn open_bracket(&mut self) {
        self.levels.push(Level::default());
    }

    pub fn close_bracket(&mut self) {
        self.end_of_item();
        self.levels.pop();
    }

    /// Closes what is open above a depth.
    pub fn close_to(&mut self, depth: usize) {
        while self.levels.len() > depth {
            self.close_bracket();
        }
    }

    /// `,`, `;`, the start of a statement: nothing before it is read again with what follows.
    pub fn end_of_item(&mut self) {
        let level = self.level();
        let guesses = level.guesses;
        *level = Level::default();
        self.open -= guesses;
    }

    /// `<T` where a value is expected, `infer`, or a template behind type arguments.
    pub fn once(&mut self, at: usize) {
        if self.level().guesses == 0 {
            self.add(at);
        }
    }

    pub fn question(&mut self) {
        let level = self.level();
        level.conditions += 1;
        level.maybe_returns = false;
    }

    pub fn colon(&mut self, behind_parenthesis: bool) {
        let level = self.level();
        level.maybe_returns = level.conditions > 0 && behind_parenthesis;
        level.conditions = level.conditions.saturating_sub(1);
    }

    pub fn arrow(&mut self, at: usize) {
        if std::mem::take(&mut self.level().maybe_returns) {
            self.add(at);
        }
    }

    fn add(&mut self, at: usize) {
        self.level().guesses += 1;
        self.open += 1;
        if self.open > MOST {
            self.too_many.get_or_insert(at);
        }
    }

    fn level(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }
}

/// Whether a file could have too many: most have not even enough arrows and `<` to be looked through.
pub(super) fn may_guess(text: &str) -> bool {
    let most = MOST as usize;
    let bytes = text.as_bytes();
    let words = bytes
        .windows(2)
        .filter(|pair| pair[0] == b'<' && (pair[1].is_ascii_alphabetic() || pair[1] == b'_'));
    let arrows = || bytes.windows(2).filter(|pair| pair == b"=>").count();
    let questions = || text.matches('?').count();
    let infers = || text.matches("infer ").count();
    words.count() > most || (questions() > most && arrows() > most) || infers() > most
}
