//! JSON numbers by value: compared as PostgreSQL's `numeric` compares them, at any length.

use std::cmp::Ordering;

/// Largest power of ten a number may carry. `jsonb` writes numbers out in full, so `1e100000` would
/// take a hundred kilobytes; a double ends at 308.
const MAX_EXPONENT: i64 = 400;

/// A JSON number by value: `digits` without leading or trailing zeros, times ten to the `exponent`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// `text` is a JSON number (RFC 8259 §6). `None` if its exponent is beyond [`MAX_EXPONENT`].
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, text) = text
            .strip_prefix('-')
            .map_or((false, text), |rest| (true, rest));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        if exponent.abs() > MAX_EXPONENT {
            return None;
        }
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let mut exponent = exponent - i64::try_from(fraction.len()).ok()?;
        while digits.last() == Some(&b'0') {
            digits.pop();
            exponent += 1;
        }
        let leading = digits.iter().take_while(|&&d| d == b'0').count();
        digits.drain(..leading);
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                digits,
                exponent: 0,
            });
        }
        Some(Self {
            negative,
            digits,
            exponent,
        })
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.sign(), other.sign()) {
            (a, b) if a != b => a.cmp(&b),
            (-1, _) => other.magnitude(self),
            _ => self.magnitude(other),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Decimal {
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// Compares without the sign: by the first digit's power of ten, then digit by digit.
    fn magnitude(&self, other: &Self) -> Ordering {
        let first = |number: &Self| {
            number.exponent + i64::try_from(number.digits.len()).unwrap_or(i64::MAX >> 1)
        };
        first(self)
            .cmp(&first(other))
            .then_with(|| self.digits.cmp(&other.digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_in_the_order_of_their_values() {
        let ordered = [
            "-1e400",
            "-100",
            "-20",
            "-1.5",
            "-1",
            "-0.5",
            "-1e-9",
            "0",
            "1e-400",
            "0.5",
            "0.51",
            "1",
            "1.5",
            "9",
            "10",
            "9007199254740992",
            "9007199254740993",
            "1e17",
            "1e400",
        ];
        for (i, a) in ordered.iter().enumerate() {
            for (j, b) in ordered.iter().enumerate() {
                let (left, right) = (Decimal::parse(a).unwrap(), Decimal::parse(b).unwrap());
                assert_eq!(left.cmp(&right), i.cmp(&j), "{a} and {b}");
            }
        }
        assert_eq!(Decimal::parse("-0.0"), Decimal::parse("0e7"));
        assert_eq!(Decimal::parse("1e401"), None);
    }
}
