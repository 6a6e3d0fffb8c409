use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use doorward_domain::email::Mailer;
use tokio::signal::unix::{SignalKind, signal};

use super::ports::{self, Purpose};
use super::workers::Workers;
use super::{AppFactory, Extensions, StartError};
use crate::configuration::Configuration;

/// How long a client may take to send the head of a request (RE-13).
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection without requests is kept (RE-13).
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// A server that is ready to run: database open, port bound.
pub struct Server {
    configuration: Configuration,
    app: AppFactory,
    mailer: Arc<dyn Mailer>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Opens the database, brings it up to date, and binds the port.
    pub async fn bind(configuration: Configuration, extensions: Extensions) -> Result<Self, StartError> {
        let wanted = configuration.http.listen;
        let cannot_listen = |cause| StartError::Listen {
            address: wanted,
            cause,
        };
        let mailer = match &extensions.mailer {
            Some(mailer) => mailer.clone(),
            None => ports::mailer(configuration.mail.as_ref())?,
        };
        let app = ports::open(&configuration, extensions, Purpose::Serving).await?;
        let listener = listen(wanted).map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        Ok(Self {
            configuration,
            app,
            mailer,
            listener,
            address,
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until SIGTERM or SIGINT, then finishes what is in flight (RE-9). A second signal ends it at once.
    pub async fn run(self) -> std::io::Result<()> {
        let Self {
            configuration,
            app,
            mailer,
            listener,
            ..
        } = self;
        let http = &configuration.http;
        let readiness = app.readiness();
        let workers = Workers::start(app.context(), mailer, app.workers())?;
        let mut server = HttpServer::new(move || app.app())
            .disable_signals()
            .client_request_timeout(HEAD_TIMEOUT)
            .keep_alive(KEEP_ALIVE)
            .shutdown_timeout(http.shutdown_timeout.as_secs());
        if let Some(count) = http.workers {
            server = server.workers(count.get());
        }
        let server = server.listen(listener)?.run();
        let handle = server.handle();
        let stopper = actix_web::rt::spawn(async move {
            stop_signal().await?;
            // The stop comes before the line about it: a log that blocks or fails must not keep the server running.
            readiness.drain();
            let stopped = handle.stop(true);
            tracing::info!("stopping: requests in flight are finished");
            tokio::select! {
                () = stopped => {}
                second = stop_signal() => {
                    second?;
                    stop_at_once(&handle).await;
                }
            }
            std::io::Result::Ok(())
        });
        server.await?;
        stopper.abort();
        tokio::select! {
            () = workers.stop() => {}
            second = stop_signal() => {
                second?;
                tracing::warn!("stopping at once");
            }
        }
        tracing::info!("stopped");
        Ok(())
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        tokio::net::TcpSocket::new_v4()?
    } else {
        tokio::net::TcpSocket::new_v6()?
    };
    // A restarted server must get its port back although connections of the former one linger.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

async fn stop_signal() -> std::io::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn stop_at_once(handle: &ServerHandle) {
    let stopped = handle.stop(false);
    tracing::warn!("stopping at once");
    stopped.await;
}
