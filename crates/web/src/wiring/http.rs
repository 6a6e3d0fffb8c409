//! HTTP on a listener: what every worker thread does with a connection.

use std::future::ready;
use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, Protocol};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use tokio::net::TcpStream;

use super::AppFactory;
use super::limits::ConnectionLimit;
use crate::connections::{ClientStream, Connections, HEAD_TIMEOUT, KEEP_ALIVE};

/// How long a client may take to end a connection that is over.
const GOODBYE: Duration = Duration::from_secs(1);

/// Serves the application there. It runs until its handle stops it, and then gives requests in flight that long.
///
/// The builder of actix-web would do, had it a place for a stream that ends when its connection has to give way.
pub(super) fn serve(
    app: AppFactory,
    listener: TcpListener,
    workers: usize,
    limit: ConnectionLimit,
    shutdown_timeout: Duration,
) -> io::Result<Server> {
    app.connections().limit(limit.room());
    let service = move || {
        let (app, connections) = (app.app(), app.connections());
        let app = app
            .into_factory()
            .map_err(|error: actix_web::Error| error.error_response());
        let http = HttpService::build()
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEAD_TIMEOUT)
            .client_disconnect_timeout(GOODBYE)
            .on_connect_ext(|stream: &ClientStream<TcpStream>, extensions| {
                extensions.insert(stream.connection());
            })
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream| ready(Ok(accepted(stream, &connections)))).and_then(http)
    };
    let server = Server::build()
        .disable_signals()
        .workers(workers)
        .max_concurrent_connections(limit.of_worker)
        .shutdown_timeout(shutdown_timeout.as_secs())
        .listen("doorward", listener, service)?;
    Ok(server.run())
}

type Accepted = (ClientStream<TcpStream>, Protocol, Option<std::net::SocketAddr>);

fn accepted(stream: TcpStream, connections: &Arc<Connections>) -> Accepted {
    let client = stream.peer_addr().ok();
    let stream = ClientStream::new(stream, connections.clone());
    (stream, Protocol::Http1, client)
}
