//! The check every reply goes through.

use memchr::memmem::Finder;

use crate::error::CallError;

/// A text that good replies contain, prepared for searching.
#[derive(Debug)]
pub struct Expect(Finder<'static>);

impl Expect {
    pub fn new(text: &str) -> Self {
        Self(Finder::new(text).into_owned())
    }

    /// Fails when the text is not in the body.
    pub fn check(&self, body: &[u8]) -> Result<(), CallError> {
        if self.0.find(body).is_some() {
            return Ok(());
        }
        let expected = String::from_utf8_lossy(self.0.needle()).into_owned();
        Err(CallError::Unexpected {
            expected,
            body: CallError::excerpt(body),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_without_the_expected_text_is_an_error() {
        let expect = Expect::new("ada@example.com");
        assert!(expect.check(br#"{"email":"ada@example.com"}"#).is_ok());
        assert!(matches!(
            expect.check(br#"{"email":null}"#),
            Err(CallError::Unexpected { .. })
        ));
    }
}
