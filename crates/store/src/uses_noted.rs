//! Which uses of sessions are on their way to be written: a browser that asks again and again while the disk is slow sends one note.

use std::sync::atomic::{AtomicU64, Ordering};

use proofkey_protocol::session::SessionUse;

/// Sessions whose ids fall on one place take turns in it.
const PLACES: usize = 4096;

/// The latest note of each place.
#[derive(Debug)]
pub(crate) struct UsesNoted(Box<[AtomicU64]>);

impl Default for UsesNoted {
    fn default() -> Self {
        Self((0..PLACES).map(|_| AtomicU64::new(0)).collect())
    }
}

impl UsesNoted {
    /// Whether this use is to be sent: not again in the same second, as long as no other session has taken the place.
    pub(crate) fn is_new(&self, used: &SessionUse) -> bool {
        // Ids are random: their bytes need no hash. The second keeps apart what one session sends.
        let [a, b, c, d, e, f, ..] = used.session.0;
        let place = usize::from(u16::from_be_bytes([a, b])) % PLACES;
        let session = u64::from(u32::from_be_bytes([c, d, e, f]));
        let second = used.at.seconds().cast_unsigned() & u64::from(u32::MAX);
        let note = (session << 32) | second;
        self.0.get(place).is_none_or(|last| last.swap(note, Ordering::AcqRel) != note)
    }
}

#[cfg(test)]
mod tests {
    use proofkey_oauth::Timestamp;
    use proofkey_protocol::SessionId;

    use super::*;

    #[test]
    fn one_session_sends_one_note_a_second() {
        let noted = UsesNoted::default();
        let is_new =
            |id: [u8; 16], at| noted.is_new(&SessionUse { session: SessionId(id), at: Timestamp(at) });
        let (one, other) = ([1; 16], [2; 16]);
        assert!(is_new(one, 1_790_000_000) && is_new(other, 1_790_000_000));
        assert!(!is_new(one, 1_790_000_000) && !is_new(other, 1_790_000_000));
        assert!(is_new(one, 1_790_000_001));
        // Another session of the same place.
        let mut same = one;
        same[5] = 9;
        assert!(is_new(same, 1_790_000_001) && is_new(one, 1_790_000_001));
    }
}
