//! RFC 5118, section by section: what each message is answered with, over IPv6.

use crate::Fate::{Answered, Registered};
use crate::messages;

messages! { "rfc5118", own_5118, "[::1]:0",
    // It is for an address whose registrar the relay is.
    good "ipv6-good" "4.1" Registered;
    bad "ipv6-bad" "4.2" Answered(400);
    // What looks like a port within the brackets is the end of another address, which is not the relay's; behind them
    // it is a port of the relay's own.
    port_ambiguous "port-ambiguous" "4.3" Answered(403);
    port_unambiguous "port-unambiguous" "4.4" Registered;
    received_with_brackets "via-received-param-with-delim" "4.5" Answered(481);
    received_without_brackets "via-received-param-no-delim" "4.5" Answered(200);
    // Its session description is read, and offers nothing that the relay speaks; so does 4.9.
    sdp "ipv6-in-sdp" "4.6" Answered(488);
    both_in_header "mult-ip-in-header" "4.7" Answered(481);
    both_in_sdp "mult-ip-in-sdp" "4.8" Answered(480);
    mapped "ipv4-mapped-ipv6" "4.9" Answered(488);
    two_colons "ipv6-correct-abnf-2-colons" "4.10" Answered(200);
    // A receiver may forgive the third colon, and does.
    three_colons "ipv6-bug-abnf-3-colons" "4.10" Answered(200);
}
