//! The HTTP side: WebSocket upgrades, health, and files with the headers that protect them.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::connect_info::{ConnectInfo, IntoMakeServiceWithConnectInfo};
use axum::extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::mpsc;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

use super::source::{Peer, source};
use super::{health, metrics, origin, ws};
use crate::config::{Config, Network, Users};
use crate::run::LoopInput;
use crate::session::ConnectionId;

/// Compatible with a page that compiles WebAssembly and plays media, and with nothing from elsewhere.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     connect-src 'self' ws: wss:; media-src 'self' blob: mediastream:; img-src 'self' data:; \
     style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Bytes that are read of a WebSocket at once. The library fills its buffer with zeros before each reading, and keeps it
/// as long as the connection: at its own 128 kB that was more than all else that a call takes.
const READ_BUFFER: usize = 8 << 10;

/// What requests need of the rest of the relay.
#[derive(Clone, Debug)]
pub struct DoorState {
    pub(super) to_loop: mpsc::Sender<LoopInput>,
    /// Who is told figures.
    pub(super) metrics: Arc<[Network]>,
    allowed_origins: Arc<[String]>,
    trusted_proxies: Arc<[IpAddr]>,
    /// Local names are open to anybody.
    open: bool,
    connections: Arc<AtomicU64>,
}

/// The routes: `/` and `/ws` take WebSockets, `/health` and `/metrics` report, everything else is a file.
pub fn router(config: &Config, to_loop: mpsc::Sender<LoopInput>) -> IntoMakeServiceWithConnectInfo<Router, Peer> {
    let state = DoorState {
        to_loop,
        metrics: config.http.metrics.clone().into(),
        allowed_origins: config.http.allowed_origins.clone().into(),
        trusted_proxies: config.http.trusted_proxies.clone().into(),
        open: matches!(config.users, Users::Open),
        connections: Arc::new(AtomicU64::new(0)),
    };
    let router = Router::new()
        .route("/health", get(health::report))
        .route("/metrics", get(metrics::report))
        .route("/ws", get(upgrade_only));
    let router = match &config.http.static_files {
        Some(directory) => with_files(router, directory),
        None => router.route("/", get(upgrade_only)),
    };
    protected(router.with_state(state)).into_make_service_with_connect_info()
}

fn with_files(router: Router<DoorState>, directory: &Path) -> Router<DoorState> {
    let files = ServeDir::new(directory);
    let index = files.clone();
    let root = move |State(door): State<DoorState>, peer: From, upgrade: Upgrade, request: Request| async move {
        match upgrade {
            Ok(upgrade) => accept(&door, upgrade, peer.0, request.headers()),
            Err(_) => file(index, request).await,
        }
    };
    router.route("/", get(root)).fallback_service(files)
}

type From = ConnectInfo<Peer>;
type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

async fn upgrade_only(State(door): State<DoorState>, peer: From, headers: HeaderMap, upgrade: Upgrade) -> Response {
    match upgrade {
        Ok(upgrade) => accept(&door, upgrade, peer.0, &headers),
        Err(_) => (StatusCode::UPGRADE_REQUIRED, "this address takes WebSockets only").into_response(),
    }
}

async fn file(mut files: ServeDir, request: Request) -> Response {
    match files.try_call(request).await {
        Ok(response) => response.map(axum::body::Body::new),
        Err(error) => {
            tracing::warn!(%error, "a file could not be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn accept(door: &DoorState, upgrade: WebSocketUpgrade, peer: Peer, headers: &HeaderMap) -> Response {
    if !origin::is_allowed(headers, &door.allowed_origins, door.open) {
        return (StatusCode::FORBIDDEN, "pages of this origin may not connect").into_response();
    }
    let upgrade = upgrade
        .max_message_size(offhook_protocol::MAX_FRAME)
        .max_frame_size(offhook_protocol::MAX_FRAME)
        .read_buffer_size(READ_BUFFER)
        .protocols([offhook_protocol::SUBPROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return (StatusCode::BAD_REQUEST, "the WebSocket subprotocol must be offhook.v1").into_response();
    }
    let id = ConnectionId(door.connections.fetch_add(1, Ordering::Relaxed) + 1);
    let source = source(peer.0, headers, &door.trusted_proxies);
    let to_loop = door.to_loop.clone();
    upgrade.on_upgrade(move |socket| ws::serve(socket, id, source, to_loop))
}

fn protected(router: Router) -> Router {
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    router
        .layer(set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "no-referrer"))
        .layer(set(header::CACHE_CONTROL, "no-cache"))
        .layer(set(HeaderName::from_static("permissions-policy"), "microphone=(self), camera=(self)"))
}
