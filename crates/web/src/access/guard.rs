//! Extractors that say in a handler's signature who may call it.

use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use doorward_application::Context;
use doorward_application::session::ActiveSession;
use doorward_domain::RequestContext;
use doorward_domain::access::Permission;
use doorward_domain::user::User;

use crate::CurrentSession;
use crate::error::ApiError;
use crate::error::codes::FORBIDDEN;
use crate::session::extract::{Caller, api_of, current};

type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, ApiError>>>>;

/// Whoever sends the request, as the database knows them; 401 if nobody is signed in.
///
/// `Option<CurrentUser>` lets everybody in and is `None` for nobody.
#[derive(Clone, Debug)]
pub struct CurrentUser(pub User);

/// What an [`Authorized`] handler asks for.
///
/// ```
/// use doorward_domain::access::Permission;
/// use doorward_web::access::Requires;
///
/// doorward_domain::resource! { pub mod invoice = "invoice" { READ = "read", APPROVE = "approve" } }
///
/// pub struct ApproveInvoice;
///
/// impl Requires for ApproveInvoice {
///     const PERMISSION: Permission = invoice::APPROVE;
/// }
/// ```
pub trait Requires: 'static {
    /// The permission.
    const PERMISSION: Permission;
}

/// The session of somebody who may do what `P` says; 401 if nobody is signed in, 403 with the code `FORBIDDEN` for somebody
/// who may not. The role is the one in the database at this moment (AC-2), read with the session, so that the check itself
/// asks nobody.
pub struct Authorized<P> {
    caller: Caller,
    requires: PhantomData<P>,
}

impl<P> Authorized<P> {
    /// Who asks, from where, and under which id: what use-cases want to know.
    #[must_use]
    pub const fn request(&self) -> &RequestContext {
        self.caller.request()
    }
}

impl<P> Deref for Authorized<P> {
    type Target = ActiveSession;

    fn deref(&self) -> &Self::Target {
        &self.caller.active
    }
}

impl Deref for CurrentUser {
    type Target = User;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl FromRequest for CurrentUser {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let session = CurrentSession::from_request(request, payload);
        Box::pin(async move { Ok(Self(session.await?.user.clone())) })
    }
}

impl<P: Requires> FromRequest for Authorized<P> {
    type Error = ApiError;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = permitted(&request, |access| access.permits(&P::PERMISSION)).await?;
            Ok(Self {
                caller,
                requires: PhantomData,
            })
        })
    }
}

/// Somebody who is signed in, and what they may do.
pub(super) struct Access<'a> {
    context: &'a Context,
    session: &'a ActiveSession,
}

impl Access<'_> {
    pub(super) fn permits(&self, permission: &Permission) -> bool {
        self.context.has_own_rights(self.session)
            && self
                .context
                .settings
                .access
                .permits(&self.session.user, permission)
    }

    pub(super) fn has_role(&self, role: &str) -> bool {
        self.context.has_own_rights(self.session)
            && self.context.settings.access.has_role(&self.session.user, role)
    }
}

/// The caller of a request, if the question about it is answered with yes.
pub(super) async fn permitted(
    request: &HttpRequest,
    question: impl FnOnce(Access<'_>) -> bool,
) -> Result<Caller, ApiError> {
    let caller = current(request).await?;
    let state = api_of(request)?;
    let access = Access {
        context: &state.context,
        session: &caller.active,
    };
    if question(access) {
        Ok(caller)
    } else {
        Err(FORBIDDEN.into())
    }
}
