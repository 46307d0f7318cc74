use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::oneshot;

use super::http::DoorState;
use crate::run::{Health, LoopInput};

#[derive(Serialize)]
struct Report {
    status: &'static str,
    version: &'static str,
    #[serde(flatten)]
    health: Health,
}

/// What the relay holds, as JSON. Asked of the signalling loop itself: a reply shows that it runs.
pub(super) async fn report(State(door): State<DoorState>) -> Response {
    let (sender, receiver) = oneshot::channel();
    let asked = door.to_loop.send(LoopInput::Health(sender)).await.is_ok();
    match receiver.await {
        Ok(health) if asked => {
            Json(Report { status: "ok", version: env!("CARGO_PKG_VERSION"), health }).into_response()
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "the relay is stopping").into_response(),
    }
}
