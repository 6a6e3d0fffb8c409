use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use chrono::TimeDelta;
use doorward_application::session::ActiveSession;
use doorward_domain::device::{Device, DeviceToken};
use doorward_domain::session::{IssuedSession, Lifetime, Session, SessionToken};
use doorward_domain::user::User;

use super::SessionReply;
use crate::cookies::{RequestCookies, ResponseCookies, SESSION_TOKEN};
use crate::user::UserReply;
use crate::{AppState, bearer, cookie_cache};

const SESSION_DATA: &str = "session_data";
const ADMIN_SESSION: &str = "admin_session";
const DONT_REMEMBER: &str = "dont_remember";
const DEVICE: &str = "device";

/// The cookies that make a browser signed in: `session_token`, `session_data` and `dont_remember`. And `device`, by which it is
/// recognised at the next sign-in.
pub(crate) struct SessionCookies<'a> {
    state: &'a AppState,
    headers: &'a HeaderMap,
    sent: RequestCookies<'a>,
    answer: ResponseCookies,
}

impl<'a> SessionCookies<'a> {
    pub(crate) fn of(state: &'a Data<AppState>, request: &'a HttpRequest) -> Self {
        Self {
            state,
            headers: request.headers(),
            sent: RequestCookies::of(request.headers()),
            answer: ResponseCookies::of(request),
        }
    }

    /// The token the client presents, in a header for it or in the cookie, if its signature is right. Decided before the
    /// database is asked (SE-2).
    pub(crate) fn presented_token(&self) -> Option<SessionToken> {
        let bearer = bearer::presented(self.state, self.headers);
        if let Some(token) = bearer.and_then(|token| SessionToken::parse(&token).ok()) {
            return Some(token);
        }
        let cookie = self.sent.get(&self.name(SESSION_TOKEN))?;
        SessionToken::parse(&self.state.signer.verify(cookie)?).ok()
    }

    /// The token by which the browser is recognised, if devices are known here. It outlives signing out, and signs nobody in.
    pub(crate) fn presented_device(&self) -> Option<DeviceToken> {
        if !self.state.context.settings.security.known_devices {
            return None;
        }
        let cookie = self.sent.get(&self.name(DEVICE))?;
        DeviceToken::parse(&self.state.device_signer.verify(cookie)?)
    }

    /// How long the browser asked to stay signed in when it signed in.
    pub(crate) fn chosen_lifetime(&self) -> Lifetime {
        let cookie = self.sent.get(&self.name(DONT_REMEMBER));
        let value = cookie.and_then(|cookie| self.state.signer.verify(cookie));
        if value.is_some() {
            Lifetime::BrowserSession
        } else {
            Lifetime::Remembered
        }
    }

    /// The cached session the browser presents, whole or in chunks, if there is a cache.
    pub(super) fn presented_cache(&self) -> Option<String> {
        self.state.cookie_cache.as_ref()?;
        cookie_cache::join(&self.name(SESSION_DATA), self.sent.iter())
    }

    /// Clears a presented cache that is not believed, as Better Auth does, before it is set anew.
    pub(super) fn clear_stale_cache(&self) {
        let Some(cache) = &self.state.cookie_cache else {
            return;
        };
        let (presented, now) = (self.presented_cache(), self.state.context.now());
        if presented.is_some_and(|presented| cache.codec.open(&presented, now).is_none()) {
            let name = self.name(SESSION_DATA);
            let sent: Vec<_> = self.sent.iter().map(|(sent, _)| sent).collect();
            for part in sent.into_iter().filter(|sent| is_part_of(&name, sent)) {
                self.answer.clear_first(self.state.style.expired(part.to_owned()));
            }
        }
    }

    /// Signs the browser in.
    pub(crate) fn open(&self, user: &User, opened: &IssuedSession) {
        self.set(
            user,
            &opened.session,
            &opened.token,
            opened.lifetime,
            TimeDelta::MAX,
        );
        if let Some(device) = &opened.device {
            self.recognise(device);
        }
    }

    /// Gives the browser the token by which it is recognised.
    pub(crate) fn recognise(&self, device: &DeviceToken) {
        let value = self.state.device_signer.sign(device.expose());
        self.put(DEVICE, value, Some(Device::KNOWN_FOR));
    }

    /// Sets the cookies of a running session anew, which the database has just answered.
    pub(crate) fn renew(&self, user: &User, current: &ActiveSession) {
        self.renew_for(user, current, TimeDelta::MAX);
    }

    /// As [`renew`](Self::renew), for a session that may come from the cache: the new cache is believed no longer than the one
    /// that was presented. Otherwise a revoked session could prolong itself for ever.
    pub(crate) fn renew_cached(&self, user: &User, current: &ActiveSession) {
        let now = self.state.context.now();
        let left = self.state.cookie_cache.as_ref().and_then(|cache| {
            let cached = cache.codec.open(&self.presented_cache()?, now)?;
            Some(TimeDelta::milliseconds(
                cached.expires_at_ms - now.timestamp_millis(),
            ))
        });
        self.renew_for(user, current, left.unwrap_or(TimeDelta::MAX));
    }

    fn renew_for(&self, user: &User, current: &ActiveSession, longest: TimeDelta) {
        let lifetime = current.session.lifetime.unwrap_or_else(|| self.chosen_lifetime());
        self.set(user, &current.session, &current.token, lifetime, longest);
    }

    /// Signs the browser in as the impersonated user, and keeps the session the administrator leaves in a cookie of its own.
    pub(crate) fn leave(&self, own: &SessionToken, user: &User, opened: &IssuedSession) {
        let remembered = match self.chosen_lifetime() {
            Lifetime::Remembered => "",
            Lifetime::BrowserSession => "true",
        };
        let left = self.state.signer.sign(&format!("{}:{remembered}", own.expose()));
        let age = Some(self.state.context.settings.session.expires_in);
        self.put(ADMIN_SESSION, left, age);
        self.open(user, opened);
        if self.state.cookie_cache.is_none() {
            // As Better Auth does, whether the browser has a cached session or not.
            self.forget_cache(true);
        }
    }

    /// The session an administrator left, and how long they had asked to stay signed in.
    pub(crate) fn left_session(&self) -> (Option<SessionToken>, Lifetime) {
        let cookie = self.sent.get(&self.name(ADMIN_SESSION));
        let left = cookie.and_then(|cookie| self.state.signer.verify(cookie));
        let Some((token, remembered)) = left.as_deref().and_then(|left| left.rsplit_once(':')) else {
            return (None, Lifetime::Remembered);
        };
        let lifetime = if remembered.is_empty() {
            Lifetime::Remembered
        } else {
            Lifetime::BrowserSession
        };
        (SessionToken::parse(token).ok(), lifetime)
    }

    /// Ends the impersonation in this browser.
    pub(crate) fn come_back(&self, user: &User, opened: &IssuedSession) {
        self.open(user, opened);
        self.forget(self.name(ADMIN_SESSION));
    }

    fn set(
        &self,
        user: &User,
        session: &Session,
        token: &SessionToken,
        lifetime: Lifetime,
        longest: TimeDelta,
    ) {
        let age = match lifetime {
            Lifetime::Remembered => Some(self.state.context.settings.session.expires_in),
            Lifetime::BrowserSession => None,
        };
        self.put(SESSION_TOKEN, self.state.signer.sign(token.expose()), age);
        match (lifetime, self.chosen_lifetime()) {
            (Lifetime::BrowserSession, _) => self.put(DONT_REMEMBER, self.state.signer.sign("true"), None),
            (Lifetime::Remembered, Lifetime::BrowserSession) => self.forget(self.name(DONT_REMEMBER)),
            (Lifetime::Remembered, Lifetime::Remembered) => {}
        }
        self.cache_for(user, session, token, lifetime, longest);
    }

    /// Puts session and user into the cache cookie, if there is a cache; clears one that was sent if not.
    pub(crate) fn cache(&self, user: &User, session: &Session, token: &SessionToken, lifetime: Lifetime) {
        self.cache_for(user, session, token, lifetime, TimeDelta::MAX);
    }

    /// The cache is believed for `longest` at most.
    fn cache_for(
        &self,
        user: &User,
        session: &Session,
        token: &SessionToken,
        lifetime: Lifetime,
        longest: TimeDelta,
    ) {
        let Some(cache) = &self.state.cookie_cache else {
            return self.forget_cache(false);
        };
        // Without an age of its own the cookie is believed for a minute only.
        let (age, believed) = match lifetime {
            Lifetime::Remembered => (Some(cache.max_age), cache.max_age),
            Lifetime::BrowserSession => (None, TimeDelta::minutes(1)),
        };
        let session = serde_json::json!(SessionReply::new(
            session,
            token.expose(),
            &self.state.context.settings
        ));
        let user = serde_json::json!(UserReply::new(user, &self.state.context.settings));
        let context = &self.state.context;
        let value = cache.codec.seal(
            &session,
            &user,
            context.now(),
            believed.min(longest),
            context.entropy(),
        );
        let name = self.name(SESSION_DATA);
        self.answer.withdraw(|set| is_part_of(&name, set));
        let cookies = cookie_cache::split(&name, &value, self.state.style.attributes_length(age));
        for (stale, _) in self.sent.iter().filter(|(sent, _)| is_part_of(&name, sent)) {
            if cookies.iter().all(|(fresh, _)| fresh != stale) {
                self.forget(stale.to_owned());
            }
        }
        for (name, value) in cookies {
            self.answer.set(self.state.style.build(name, value, age));
        }
    }

    /// Signs the browser out: clears every cookie of the session (SE-9), sent or not; one that is rarely set only if it was sent.
    pub(crate) fn clear(&self) {
        if self.sent.get(&self.name(ADMIN_SESSION)).is_some() {
            self.forget(self.name(ADMIN_SESSION));
        }
        self.forget(self.name(SESSION_TOKEN));
        self.forget_cache(true);
        self.forget(self.name(DONT_REMEMBER));
    }

    fn forget_cache(&self, even_if_not_sent: bool) {
        let name = self.name(SESSION_DATA);
        self.answer.withdraw(|set| is_part_of(&name, set));
        for (sent, _) in self.sent.iter().filter(|(sent, _)| is_part_of(&name, sent)) {
            self.forget(sent.to_owned());
        }
        if even_if_not_sent {
            self.forget(name);
        }
    }

    fn forget(&self, full_name: String) {
        self.answer.set(self.state.style.expired(full_name));
    }

    fn put(&self, name: &str, value: String, age: Option<TimeDelta>) {
        self.answer
            .set(self.state.style.build(self.name(name), value, age));
    }

    fn name(&self, name: &str) -> String {
        self.state.style.name(name)
    }
}

/// Whether `sent` is the cookie `name` or one of its chunks.
fn is_part_of(name: &str, sent: &str) -> bool {
    let Some(rest) = sent.strip_prefix(name) else {
        return false;
    };
    rest.is_empty()
        || rest
            .strip_prefix('.')
            .is_some_and(|index| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()))
}
