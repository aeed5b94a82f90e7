//! How much of a subscription's events the client has said it takes (protocol §13).

/// Events, and bytes of their `data`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Credit {
    /// How many.
    pub events: u32,
    /// How large, all together.
    pub bytes: u32,
}

impl Credit {
    /// What one side holds back at most for the other; a subscription whose buffer is full ends with
    /// an error its client resumes from.
    pub const BUFFER: Self = Self {
        events: 256,
        bytes: 1024 * 1024,
    };

    /// Tops up. Saturates: credit beyond 2^32 is as good as endless.
    pub fn add(&mut self, more: Self) {
        self.events = self.events.saturating_add(more.events);
        self.bytes = self.bytes.saturating_add(more.bytes);
    }

    /// Pays for one event of this length. False, and nothing changes, if there is not enough: the
    /// sender keeps the event back, the receiver has caught a sender that did not.
    #[must_use]
    pub fn spend(&mut self, length: usize) -> bool {
        let left = u32::try_from(length)
            .ok()
            .and_then(|length| self.bytes.checked_sub(length))
            .zip(self.events.checked_sub(1));
        let Some((bytes, events)) = left else {
            return false;
        };
        *self = Self { events, bytes };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_is_spent_whole_or_not_at_all() {
        let mut credit = Credit {
            events: 2,
            bytes: 10,
        };
        assert!(!credit.spend(11));
        assert!(credit.spend(10));
        assert!(!credit.spend(1));
        assert!(credit.spend(0));
        assert!(!credit.spend(0));
        credit.add(Credit::BUFFER);
        assert_eq!(credit, Credit::BUFFER);
        credit.add(Credit {
            events: u32::MAX,
            bytes: u32::MAX,
        });
        assert!(credit.spend(usize::try_from(u32::MAX).unwrap()));
        assert!(!credit.spend(usize::MAX));
    }
}
