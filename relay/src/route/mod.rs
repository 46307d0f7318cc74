//! Who gets a call: a service number, a local user, or a SIP account's server.
//!
//! Routing is a pure decision on what was dialled and what is there; it starts nothing.

mod table;

use offhook_protocol::{ErrorCode, Failure};

use crate::call::failure_for_status;
use crate::config::{Config, TrunkId, Users};
use crate::service::ServiceNumber;

pub use table::{Destination, Dialler, Origin, Pattern, Route};

/// Where a call goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A service number.
    Service(ServiceNumber),
    /// A local user by name, who need not be connected.
    User(String),
    /// This number at the first of these trunks that can be reached.
    Trunks(Vec<TrunkId>, String),
}

/// Finds where a number leads for whoever dials it: the configured routes first, then service numbers and local users, and
/// last a route that takes everything.
///
/// # Errors
/// [`ErrorCode::NotFound`] when it leads nowhere.
pub fn find(dialler: Dialler, dialled: &str, config: &Config) -> Result<Target, Failure> {
    let number = user_part(dialled);
    let routed = |last: bool| {
        let mut routes = config.routes.iter().filter(|route| route.takes_all() == last);
        routes.find(|route| route.is_for(dialler, number)).map(|route| target(route, number))
    };
    match routed(false) {
        Some(target) => Ok(target),
        None => local(dialled, config).or_else(|failure| routed(true).ok_or(failure)),
    }
}

fn target(route: &Route, number: &str) -> Target {
    match &route.to {
        Destination::Trunks(trunks) => Target::Trunks(trunks.clone(), route.rewritten(number)),
        Destination::User(name) => Target::User(name.clone()),
        Destination::Service(service) => Target::Service(*service),
    }
}

/// Finds the service or local user for what was dialled: a name, a number, or a SIP URI of the relay's own.
///
/// # Errors
/// [`ErrorCode::NotFound`] when it names neither.
pub fn local(dialled: &str, config: &Config) -> Result<Target, Failure> {
    let name = user_part(dialled);
    if let Some(number) = config.services.get(name) {
        return Ok(Target::Service(*number));
    }
    let known = match &config.users {
        Users::Open => is_user_name(name),
        Users::Named(users) => users.contains_key(name),
    };
    if known { Ok(Target::User(name.to_owned())) } else { Err(unknown(dialled)) }
}

/// Why a local user who is not there cannot be called: one that is configured may come back, others do not exist.
#[must_use]
pub fn absent(name: &str, config: &Config) -> Failure {
    match &config.users {
        Users::Named(users) if users.contains_key(name) => {
            let message = format!("{name} is not connected at the moment.");
            Failure { message, ..failure_for_status(480, "Temporarily Unavailable") }
        }
        _ => unknown(name),
    }
}

/// Whether a text can be a local user's name or a number: 1 to 64 letters, digits and `-_.+`.
#[must_use]
pub fn is_user_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+".contains(c))
}

/// Checks what a browser dialled before it goes anywhere near a SIP header.
///
/// # Errors
/// [`ErrorCode::InvalidField`] naming `callee`.
pub fn check_callee(callee: &str) -> Result<(), Failure> {
    let sound = |c: char| !c.is_control() && !c.is_whitespace() && !"<>\"".contains(c);
    if (1..=256).contains(&callee.len()) && callee.chars().all(sound) {
        return Ok(());
    }
    let message = "The callee must be 1 to 256 characters without spaces, quotes or angle brackets.";
    Err(Failure { field: Some("callee".to_owned()), ..Failure::new(ErrorCode::InvalidField, message) })
}

/// Whether two texts that could be dialled mean the same party: the same user, and the same host where both name one.
#[must_use]
pub fn is_same_party(one: &str, other: &str) -> bool {
    let host = |text: &str| text.rsplit_once('@').map(|(_, host)| host.to_ascii_lowercase());
    let same_host = match (host(one), host(other)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    };
    same_host && user_part(one) == user_part(other)
}

fn unknown(dialled: &str) -> Failure {
    let message = format!("There is no {dialled} here.");
    Failure { message, ..failure_for_status(404, "Not Found") }
}

/// `alice` of `sip:alice@host;transport=udp` and of `alice`.
fn user_part(dialled: &str) -> &str {
    let rest = ["sip:", "sips:", "tel:"]
        .into_iter()
        .find_map(|scheme| {
            let (head, tail) = dialled.split_at_checked(scheme.len())?;
            head.eq_ignore_ascii_case(scheme).then_some(tail)
        })
        .unwrap_or(dialled);
    let user = rest.split_once('@').map_or(rest, |(user, _)| user);
    user.split(';').next().unwrap_or(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn named(names: &[&str]) -> Config {
        let users: BTreeMap<_, _> = names.iter().map(|name| ((*name).to_owned(), None)).collect();
        Config { users: Users::Named(users), ..Config::default() }
    }

    #[test]
    fn a_service_number_goes_before_a_user_of_that_name() {
        assert_eq!(local("echo", &named(&["echo"])), Ok(Target::Service(ServiceNumber::Echo)));
    }

    #[test]
    fn routes_go_before_the_relays_own_numbers_and_one_for_everything_after_them() {
        let route = |number: Pattern, name: &str| Route {
            number,
            from: vec![Origin::Users],
            to: Destination::User(name.into()),
            strip: 0,
            prepend: String::new(),
        };
        let mut config = named(&["alice"]);
        config.routes.push(route(Pattern::Prefix(String::new()), "desk"));
        config.routes.push(route(Pattern::Exact("alice".into()), "bob"));
        let found = |dialled| find(Dialler::User, dialled, &config);
        assert_eq!(found("alice"), Ok(Target::User("bob".into())));
        assert_eq!(found("echo"), Ok(Target::Service(ServiceNumber::Echo)));
        assert_eq!(found("sip:110@relay.example"), Ok(Target::User("desk".into())));
        assert_eq!(find(Dialler::Stranger, "alice", &config), Ok(Target::User("alice".into())));
        assert_eq!(find(Dialler::Stranger, "110", &config).unwrap_err().sip_status, Some(404));
    }

    #[test]
    fn a_sip_uri_names_its_user_part() {
        let config = named(&["alice"]);
        for dialled in ["alice", "sip:alice@relay.example", "SIP:alice@127.0.0.1:5060;transport=tcp", "sip:alice"] {
            assert_eq!(local(dialled, &config), Ok(Target::User("alice".into())), "{dialled}");
        }
    }

    #[test]
    fn an_unknown_name_is_not_found() {
        assert_eq!(local("nobody", &named(&["alice"])).unwrap_err().sip_status, Some(404));
    }

    #[test]
    fn a_known_user_who_is_away_is_unavailable_rather_than_unknown() {
        let config = named(&["alice"]);
        assert_eq!(absent("alice", &config).sip_status, Some(480));
        assert_eq!(absent("x", &Config::demo()).sip_status, Some(404));
    }

    #[test]
    fn a_party_is_the_same_under_any_of_its_names() {
        for (one, other) in [("bob", "bob"), ("bob", "sip:bob@a.example"), ("sip:bob@A.example", "sip:bob@a.example")] {
            assert!(is_same_party(one, other), "{one} {other}");
        }
        for (one, other) in [("bob", "alice"), ("sip:bob@a.example", "sip:bob@b.example"), ("bob", "Bob")] {
            assert!(!is_same_party(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_could_break_a_header_is_refused() {
        for callee in ["", "a b", "a\r\nVia: x", "<sip:a@b>", "\"a\"", &"1".repeat(257)] {
            assert_eq!(check_callee(callee).unwrap_err().field.as_deref(), Some("callee"), "{callee:?}");
        }
        assert_eq!(check_callee("sip:+49301234@example.com"), Ok(()));
    }
}
