use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use actix_web::HttpMessage;
use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use chrono::TimeDelta;
use doorward_application::Context;
use doorward_application::settings::InvalidSetting;
use doorward_domain::{Actor, Client, Keyring, RequestContext, RequestId};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{OpenApi, RefOr};

use crate::client_address::ClientAddressPolicy;
use crate::configuration::{BearerSettings, HttpSettings};
use crate::connections::Connections;
use crate::cookie_cache::CookieCacheCodec;
use crate::cookies::{CookieSigner, CookieStyle};
use crate::dead_sessions::DeadSessions;
use crate::measure::RequestMeter;
use crate::rate_limit::{Limits, RateLimit};
use crate::redirects::Redirects;

/// What every request needs to know about the server it came to.
pub struct AppState {
    pub(crate) context: Context,
    pub(crate) redirects: Redirects,
    pub(crate) signer: CookieSigner,
    /// Signs the cookie by which a browser is recognised, so that no other signed cookie passes as one.
    pub(crate) device_signer: CookieSigner,
    pub(crate) style: CookieStyle,
    pub(crate) cookie_cache: Option<CookieCache>,
    pub(crate) bearer: BearerSettings,
    pub(crate) defer_session_refresh: bool,
    pub(crate) max_body_bytes: usize,
    pub(crate) https: bool,
    /// How often one client may ask for what, if there are limits.
    pub(crate) limits: Option<Limits>,
    /// Sessions that were asked for a moment ago and did not exist.
    pub(crate) dead_sessions: DeadSessions,
    pub(crate) connections: Arc<Connections>,
    /// Counts requests, if somebody wants to know.
    pub(crate) meter: OnceLock<Arc<dyn RequestMeter>>,
    routes: Routes,
    client_address: ClientAddressPolicy,
}

/// The cookie that spares the database.
pub(crate) struct CookieCache {
    pub(crate) codec: CookieCacheCodec,
    pub(crate) max_age: TimeDelta,
}

impl AppState {
    /// Prepares a server of these settings that serves what the document describes, as often as these limits say.
    pub fn new(
        context: Context,
        http: &HttpSettings,
        keys: &Keyring,
        document: &OpenApi,
        limits: &[RateLimit],
    ) -> Result<Self, InvalidSetting> {
        let base = context.settings.base_url.clone();
        let https = base.is_https();
        let secure = http.use_secure_cookies.unwrap_or(https);
        let domain = http.cross_subdomain_cookies.domain(&base).map(str::to_owned);
        let cache = &http.cookie_cache;
        let cookie_cache = cache.enabled.then(|| CookieCache {
            codec: CookieCacheCodec::new(cache.strategy, keys, cache.version.clone()),
            max_age: cache.max_age,
        });
        Ok(Self {
            redirects: Redirects::new(http.origins(&base)?, base),
            signer: CookieSigner::new(keys),
            device_signer: CookieSigner::of_purpose(keys, "doorward device cookie"),
            style: CookieStyle::new(&http.cookie_prefix, secure, domain),
            cookie_cache,
            bearer: http.bearer,
            defer_session_refresh: http.defer_session_refresh,
            max_body_bytes: http.max_body_bytes,
            https,
            limits: Limits::new(
                &http.rate_limit,
                &context.settings.base_path,
                document.paths.paths.keys().map(String::as_str),
                limits,
            ),
            dead_sessions: DeadSessions::default(),
            connections: Arc::default(),
            meter: OnceLock::new(),
            routes: Routes::of(document, &context.settings.base_path, &http.disabled_paths),
            client_address: http.client_address_policy()?,
            context,
        })
    }

    /// The ports and settings of the server.
    #[must_use]
    pub const fn context(&self) -> &Context {
        &self.context
    }

    /// The context of a request by this actor, under the id that its log lines have.
    pub(crate) fn request(&self, request: &actix_web::HttpRequest, actor: Actor) -> RequestContext {
        let known = request
            .extensions()
            .get::<tracing_actix_web::RequestId>()
            .copied();
        let id = known.map_or_else(
            || RequestId::mint(self.context.now(), self.context.entropy()),
            |id| RequestId::new(id.to_string()),
        );
        self.context.request_of(actor, self.client(request), id)
    }

    /// Where a request comes from, as far as it is kept with a session.
    fn client(&self, request: &actix_web::HttpRequest) -> Client {
        let peer = request.peer_addr().map(|address| address.ip());
        let headers = request.headers();
        let agent = headers
            .get("user-agent")
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Client::new(self.address(peer, headers), agent)
    }

    /// The address of a client, as it is stored and counted.
    pub(crate) fn address(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> String {
        self.client_address.resolve(peer, headers)
    }

    pub(crate) const fn routes(&self) -> &Routes {
        &self.routes
    }
}

/// The documented operations: nothing else is served.
pub(crate) struct Routes {
    served: HashMap<String, Vec<Route>>,
    disabled: HashSet<String>,
}

/// One operation, as far as [`request_guard`](crate::request_guard) needs to know it.
pub(crate) struct Route {
    method: Method,
    /// The content types of its body.
    pub(crate) body_types: Vec<String>,
}

impl Routes {
    fn of(document: &OpenApi, base_path: &str, disabled: &[String]) -> Self {
        let disabled: HashSet<_> = disabled.iter().map(|path| format!("{base_path}{path}")).collect();
        let paths = document.paths.paths.iter();
        let served = paths.filter(|(path, _)| !disabled.contains(*path));
        Self {
            served: served
                .map(|(path, item)| (path.clone(), Self::operations(item)))
                .collect(),
            disabled,
        }
    }

    /// The patterns of all paths.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &str> {
        self.served.keys().map(String::as_str)
    }

    /// Whether the operator switched off whatever is at this path.
    pub(crate) fn is_disabled(&self, path: &str) -> bool {
        self.disabled.contains(path)
    }

    /// Whether the path is one of the pattern as it was sent, without any decoding.
    pub(crate) fn is_exact(pattern: &str, path: &str) -> bool {
        let literal = pattern.split('{').next().unwrap_or_default();
        if literal.len() == pattern.len() {
            path == pattern
        } else {
            path.starts_with(literal)
        }
    }

    fn operations(item: &PathItem) -> Vec<Route> {
        let all = [
            (Method::GET, &item.get),
            (Method::POST, &item.post),
            (Method::PUT, &item.put),
            (Method::PATCH, &item.patch),
            (Method::DELETE, &item.delete),
        ];
        let documented = all
            .into_iter()
            .filter_map(|(method, operation)| Some((method, operation.as_ref()?)));
        documented
            .map(|(method, operation)| Route {
                method,
                body_types: body_types(operation),
            })
            .collect()
    }

    /// The operation a request asks for, by the path pattern it matched. Paths are exact: one that needs decoding to
    /// match is another path (RL-6).
    pub(crate) fn find(&self, method: &Method, pattern: &str, path: &str) -> Option<&Route> {
        let is_exact = Self::is_exact(pattern, path);
        let routes = self.served.get(pattern).filter(|_| is_exact)?;
        routes.iter().find(|route| route.method == *method)
    }
}

fn body_types(operation: &Operation) -> Vec<String> {
    let json = || vec!["application/json".to_owned()];
    match &operation.request_body {
        Some(RefOr::T(body)) => body.content.keys().cloned().collect(),
        Some(RefOr::Ref(_)) | None => json(),
    }
}
