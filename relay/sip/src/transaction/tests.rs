//! Every timer and every transition on simulated time, seen from outside the layer.
//!
//! The timers of RFC 3261 (table 4), RFC 6026, RFC 3262 and RFC 4028, and where each is shown:
//!
//! | Timer | What it does | Test |
//! |---|---|---|
//! | T1, T2, T4 | the base times | `non_invite::every_base_time_can_be_configured` |
//! | A | repeats an INVITE | `invite_client::timer_a_doubles_without_limit_and_timer_b_gives_up` |
//! | B | gives an INVITE up | the same, and `a_reliable_transport_is_not_helped_but_timer_b_still_gives_up` |
//! | C | a limit to ringing; a proxy's timer, here the core's deadline | `nobody_rings_for_ever` of the relay's `call`; after a CANCEL `cancelling::a_peer_that_ignores_the_cancel_is_given_up` |
//! | D | absorbs repeated failures | `invite_client::a_failure_is_acknowledged_each_time_until_timer_d_ends`, `timer_d_is_zero_on_a_reliable_transport` |
//! | E | repeats another request | `non_invite::timer_e_doubles_up_to_t2_and_timer_f_gives_up`, `after_a_provisional_response_timer_e_is_t2` |
//! | F | gives it up | the same, `timer_f_also_ends_a_request_that_only_got_provisional_responses` |
//! | G | repeats a failure of ours | `invite_server::timer_g_repeats_a_failure_up_to_t2_and_timer_h_gives_up` |
//! | H | gives its ACK up | the same, `a_reliable_transport_needs_no_timer_g_but_timer_h_gives_up` |
//! | I | absorbs repeated ACKs | `invite_server::the_ack_of_a_failure_stops_timer_g_and_timer_i_absorbs_more`, `timer_i_is_zero_on_a_reliable_transport` |
//! | J | repeats our response | `non_invite::the_server_repeats_its_last_response_until_timer_j_ends`, `a_reliable_server_ends_with_its_response` |
//! | K | absorbs repeated responses | `non_invite::timer_k_absorbs_repeated_responses`, `a_reliable_client_ends_with_its_response` |
//! | L | absorbs INVITEs after our 2xx | `invite_server::after_a_2xx_repeated_invites_are_absorbed_until_timer_l_ends` |
//! | M | passes on every 2xx | `invite_client::every_2xx_goes_up_until_timer_m_ends_and_no_ack_is_made`, `timer_m_also_runs_on_a_reliable_transport` |
//! | 100 | 200 ms until a 100 (section 17.2.1) | `invite_server::a_slow_user_is_covered_by_a_100` |
//! | 2xx | repeated from T1 to T2 until its ACK, 64 × T1 at most (section 13.3.1.4) | `dialog::tests::answer::it_is_repeated_at_growing_intervals_and_given_up` |
//! | 1xx | a reliable one, from T1 on without limit, 64 × T1 at most (RFC 3262) | `dialog::tests::reliable::it_is_repeated_from_t1_on_doubling_without_limit_and_given_up_after_64_t1` |
//! | PRACK | as any request (E, F) | `a_prack_is_repeated_until_it_is_answered` of the relay's `ua` |
//! | refresh, end | half the interval; 32 s or a third before its end (RFC 4028) | `dialog::tests::session_timer` |
//! | 491 | 2.1 to 4 s, or up to 2 s (section 14.1) | `our_change_is_tried_again_after_both_began_one` of the relay's `ua` |

mod bounds;
mod cancelling;
mod harness;
mod invite_client;
mod invite_server;
mod matching;
mod non_invite;
mod robustness;
