//! Which algorithms sign at an installation: a list of the operator's.

use proofkey_jose::Algorithm;

/// The algorithms that are on, each once and at least one. Of those that have a key which
/// signs the first signs the access tokens whose API names none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningAlgorithms {
    first: Algorithm,
    others: Vec<Algorithm>,
}

impl SigningAlgorithms {
    /// `None` if the list is empty or names one twice.
    pub fn new(list: impl IntoIterator<Item = Algorithm>) -> Option<Self> {
        let mut list = list.into_iter();
        let mut on = Self { first: list.next()?, others: Vec::new() };
        for algorithm in list {
            if on.contains(algorithm) {
                return None;
            }
            on.others.push(algorithm);
        }
        Some(on)
    }

    /// Whether an algorithm is on.
    pub fn contains(&self, algorithm: Algorithm) -> bool {
        self.iter().any(|on| on == algorithm)
    }

    /// Those that are on, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = Algorithm> + '_ {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    /// Those that are off.
    pub fn off(&self) -> impl Iterator<Item = Algorithm> + '_ {
        Algorithm::ALL.into_iter().filter(|algorithm| !self.contains(*algorithm))
    }

    /// What signs access tokens whose API names nothing else.
    pub const fn of_access_tokens(&self) -> Algorithm {
        self.first
    }

    /// Their names, as a message lists them.
    pub fn names(&self) -> String {
        self.iter().map(Algorithm::name).collect::<Vec<_>>().join(", ")
    }
}

impl Default for SigningAlgorithms {
    /// All of them, as before there was a list.
    fn default() -> Self {
        let [first, others @ ..] = Algorithm::ALL;
        Self { first, others: others.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pk_14_a_list_names_one_algorithm_at_least_and_none_twice() {
        use Algorithm::{EdDsa, Es256, Rs256};
        assert_eq!(SigningAlgorithms::new([]), None);
        assert_eq!(SigningAlgorithms::new([Es256, Rs256, Es256]), None);
        let on = SigningAlgorithms::new([Rs256, Es256]).unwrap();
        assert_eq!((on.of_access_tokens(), on.names()), (Rs256, "RS256, ES256".to_owned()));
        assert_eq!(on.off().collect::<Vec<_>>(), [EdDsa]);
        assert!(on.contains(Es256) && !on.contains(EdDsa));
        let default = SigningAlgorithms::default();
        assert_eq!((default.of_access_tokens(), default.off().count()), (Es256, 0));
    }
}
