use std::net::SocketAddr;

use axum::extract::State;
use axum::extract::connect_info::ConnectInfo;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;

use super::http::DoorState;
use super::source::Peer;
use crate::run::LoopInput;

/// The text format of Prometheus.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Figures for operators, to whoever may have them. Nobody else learns that there are any.
pub(super) async fn report(State(door): State<DoorState>, peer: ConnectInfo<Peer>, headers: HeaderMap) -> Response {
    // A proxy has the address that may ask, and passes on what anybody asks.
    let is_passed_on = headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
    let Peer(peer) = peer.0;
    if is_passed_on || !door.metrics.iter().any(|network| network.contains(SocketAddr::new(peer, 0))) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (sender, receiver) = oneshot::channel();
    let asked = door.to_loop.send(LoopInput::Metrics(sender)).await;
    match (asked, receiver.await) {
        (Ok(()), Ok(text)) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the relay is stopping").into_response(),
    }
}
