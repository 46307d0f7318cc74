//! The `[[routes]]` of the file: which numbers lead where, for whom.

use serde::Deserialize;

use super::check::Check;
use super::trunks::{Trunk, TrunkId};
use crate::route::{Destination, Origin, Pattern, Route, is_user_name};
use crate::service::ServiceNumber;

/// One route as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteTable {
    number: String,
    from: Option<OneOrMore>,
    trunk: Option<OneOrMore>,
    user: Option<String>,
    service: Option<String>,
    #[serde(default)]
    strip: usize,
    #[serde(default)]
    prepend: String,
}

/// A name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }
}

impl Check {
    pub(super) fn routes(&mut self, file: Vec<RouteTable>, trunks: &[Trunk]) -> Vec<Route> {
        file.into_iter().enumerate().filter_map(|(at, route)| self.route(at.saturating_add(1), route, trunks)).collect()
    }

    fn route(&mut self, at: usize, file: RouteTable, trunks: &[Trunk]) -> Option<Route> {
        let key = |part: &str| format!("routes.{at}.{part}");
        let prefix = file.number.strip_suffix('*');
        let number = prefix.unwrap_or(&file.number);
        let takes_all = number.is_empty() && prefix.is_some();
        if !takes_all && !is_user_name(number) {
            let message = format!("{:?} is no number; with * at its end it stands for all that begin so", file.number);
            self.problem(&key("number"), message);
        }
        if !file.prepend.is_empty() && !is_user_name(&file.prepend) {
            self.problem(&key("prepend"), format!("{:?} cannot be dialled", file.prepend));
        }
        let number = match prefix {
            Some(prefix) => Pattern::Prefix(prefix.to_owned()),
            None => Pattern::Exact(number.to_owned()),
        };
        let from = file.from.map(OneOrMore::into_vec).unwrap_or_default();
        let from = from.iter().filter_map(|name| match name.as_str() {
            "any" => Some(Origin::Any),
            "users" => Some(Origin::Users),
            name => self.trunk_named(&key("from"), name, trunks).map(Origin::Trunk),
        });
        let mut from: Vec<Origin> = from.collect();
        if from.is_empty() {
            // From one trunk to another goes what the operator says so of: each such call is on somebody's account.
            from.push(if file.trunk.is_some() { Origin::Users } else { Origin::Any });
        }
        let to = match (file.trunk, file.user, file.service) {
            (Some(names), None, None) => {
                let names = names.into_vec();
                if names.is_empty() {
                    self.problem(&key("trunk"), "must name a trunk".to_owned());
                }
                let named = names.iter().filter_map(|name| self.trunk_named(&key("trunk"), name, trunks));
                Some(Destination::Trunks(named.collect()))
            }
            (None, Some(user), None) if is_user_name(&user) => Some(Destination::User(user)),
            (None, Some(user), None) => {
                self.problem(&key("user"), format!("{user:?} is no user name"));
                None
            }
            (None, None, Some(name)) => {
                let service = ServiceNumber::from_name(&name);
                if service.is_none() {
                    self.problem(&key("service"), format!("there is no service {name:?}"));
                }
                service.map(Destination::Service)
            }
            _ => {
                self.problem(&format!("routes.{at}"), "needs one of trunk, user and service".to_owned());
                None
            }
        };
        Some(Route { number, from, to: to?, strip: file.strip, prepend: file.prepend })
    }

    fn trunk_named(&mut self, key: &str, name: &str, trunks: &[Trunk]) -> Option<TrunkId> {
        let found = trunks.iter().position(|trunk| trunk.name == name).map(TrunkId);
        if found.is_none() {
            self.problem(key, format!("there is no trunk {name:?}"));
        }
        found
    }
}
