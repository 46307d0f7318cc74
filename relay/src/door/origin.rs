use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;

/// Whether a page of this origin may open a WebSocket: one the relay serves itself, or one the configuration names.
/// Browsers always say their origin; what says none is no page, and cannot be abused by one.
///
/// A relay with `open` local names serves this machine only, and pages that this machine serves: on whatever port, for
/// they can do no more than any program here, but never under another name, which may be one that a foreign page had
/// point here (DNS rebinding).
pub(crate) fn is_allowed(headers: &HeaderMap, allowed: &[String], open: bool) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if allowed.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    match (host, authority) {
        (Some(host), Some(authority)) if open => is_this_machine(host) && is_this_machine(authority),
        (Some(host), Some(authority)) => host == authority,
        _ => false,
    }
}

fn is_this_machine(host: &str) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    let name = authority.host();
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(name.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &str, origin: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_relays_own_pages_are_allowed() {
        assert!(is_allowed(&headers("localhost:8080", Some("http://localhost:8080")), &[], false));
    }

    #[test]
    fn foreign_pages_are_not_unless_they_are_named() {
        let foreign = headers("localhost:8080", Some("https://shop.example"));
        assert!(!is_allowed(&foreign, &[], false));
        assert!(is_allowed(&foreign, &["https://shop.example".to_owned()], false));
        assert!(is_allowed(&foreign, &["*".to_owned()], false));
        assert!(!is_allowed(&headers("localhost:8080", Some("null")), &[], false));
        assert!(!is_allowed(&headers("localhost:8080", Some("http://localhost:8081")), &[], false));
    }

    #[test]
    fn a_client_that_is_no_page_is_allowed() {
        assert!(is_allowed(&headers("localhost:8080", None), &[], false));
    }

    #[test]
    fn open_names_are_for_pages_of_this_machine() {
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"] {
            assert!(is_allowed(&headers(host, Some(&format!("http://{host}"))), &[], true), "{host}");
        }
        assert!(is_allowed(&headers("localhost:8080", Some("http://127.0.0.1:8000")), &[], true));
        for foreign in ["https://shop.example", "null", "http://localhost.example", "http://localhost@shop.example"] {
            assert!(!is_allowed(&headers("localhost:8080", Some(foreign)), &[], true), "{foreign}");
        }
        let rebound = headers("shop.example:8080", Some("http://shop.example:8080"));
        assert!(!is_allowed(&rebound, &[], true));
        assert!(is_allowed(&rebound, &[], false));
    }
}
