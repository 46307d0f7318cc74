//! The configured routes: numbers that lead to trunks, users or services, by whom they are dialled.

use crate::config::TrunkId;
use crate::service::ServiceNumber;

/// Who dials, as far as the relay can vouch for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialler {
    /// A user of the relay's own.
    User,
    /// A trunk.
    Trunk(TrunkId),
    /// Anybody else. No route is theirs.
    Stranger,
}

/// Which numbers lead where, for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The numbers.
    pub number: Pattern,
    /// Who may use it.
    pub from: Vec<Origin>,
    /// Where they lead.
    pub to: Destination,
    /// How many characters are taken from the number's beginning.
    pub strip: usize,
    /// What is put there instead.
    pub prepend: String,
}

/// The numbers of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This one.
    Exact(String),
    /// All that begin so; all there are, where it is empty.
    Prefix(String),
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Every user and every trunk.
    Any,
    /// Every user.
    Users,
    /// A trunk.
    Trunk(TrunkId),
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The first of these trunks that can take the call.
    Trunks(Vec<TrunkId>),
    /// A user of the relay's own.
    User(String),
    /// A service number.
    Service(ServiceNumber),
}

impl Route {
    /// Whether the route is meant for this dialler and this number.
    #[must_use]
    pub fn is_for(&self, dialler: Dialler, number: &str) -> bool {
        self.from.iter().any(|from| from.admits(dialler)) && self.number.matches(number)
    }

    /// Whether it takes every number, so that what the relay knows itself goes before it.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        self.number == Pattern::Prefix(String::new())
    }

    /// The number as it is dialled at the other end.
    #[must_use]
    pub fn rewritten(&self, number: &str) -> String {
        let kept = number.char_indices().nth(self.strip).map_or("", |(at, _)| number.get(at..).unwrap_or_default());
        format!("{}{kept}", self.prepend)
    }
}

impl Pattern {
    fn matches(&self, number: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == number,
            Self::Prefix(prefix) => number.starts_with(prefix.as_str()),
        }
    }
}

impl Origin {
    fn admits(self, dialler: Dialler) -> bool {
        match (self, dialler) {
            (_, Dialler::Stranger) => false,
            (Self::Any, _) | (Self::Users, Dialler::User) => true,
            (Self::Trunk(ours), Dialler::Trunk(theirs)) => ours == theirs,
            (Self::Users, Dialler::Trunk(_)) | (Self::Trunk(_), Dialler::User) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(number: Pattern, from: Origin) -> Route {
        Route { number, from: vec![from], to: Destination::User("a".into()), strip: 0, prepend: String::new() }
    }

    fn all() -> Pattern {
        Pattern::Prefix(String::new())
    }

    #[test]
    fn a_stranger_has_no_route() {
        for from in [Origin::Any, Origin::Users, Origin::Trunk(TrunkId(0))] {
            assert!(!route(all(), from).is_for(Dialler::Stranger, "1"));
        }
    }

    #[test]
    fn a_route_is_for_those_it_names() {
        let (user, one, two) = (Dialler::User, Dialler::Trunk(TrunkId(1)), Dialler::Trunk(TrunkId(2)));
        let admitted = |from| [user, one, two].map(|dialler| route(all(), from).is_for(dialler, "1"));
        assert_eq!(admitted(Origin::Any), [true, true, true]);
        assert_eq!(admitted(Origin::Users), [true, false, false]);
        assert_eq!(admitted(Origin::Trunk(TrunkId(2))), [false, false, true]);
    }

    #[test]
    fn a_pattern_takes_its_number_or_all_that_begin_so() {
        let takes = |pattern: &Pattern, number| route(pattern.clone(), Origin::Any).is_for(Dialler::User, number);
        let exact = Pattern::Exact("110".into());
        assert_eq!([takes(&exact, "110"), takes(&exact, "1101")], [true, false]);
        let prefix = Pattern::Prefix("+49".into());
        assert_eq!([takes(&prefix, "+4930"), takes(&prefix, "+49"), takes(&prefix, "+44")], [true, true, false]);
    }

    #[test]
    fn digits_are_taken_away_and_put_there() {
        let rewrite = |strip, prepend: &str, number: &str| {
            Route { strip, prepend: prepend.into(), ..route(all(), Origin::Any) }.rewritten(number)
        };
        assert_eq!(rewrite(1, "+49", "030123"), "+4930123");
        assert_eq!(rewrite(0, "", "110"), "110");
        assert_eq!(rewrite(9, "0", "110"), "0");
        assert_eq!(rewrite(1, "", "ä1"), "1");
    }
}
