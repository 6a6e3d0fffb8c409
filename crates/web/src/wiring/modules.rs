use std::sync::Arc;

use doorward_application::settings::Settings;

use crate::access::AdminModule;
use crate::account::AccountModule;
use crate::audit_log::AuditLogModule;
use crate::export::ExportModule;
use crate::module::{Module, ModuleConflict, Modules};
use crate::password::PasswordModule;
use crate::profile::ProfileModule;
use crate::session::SessionModule;
use crate::sign_in::SignInModule;
use crate::system::SystemModule;
use crate::user::UserModule;
use crate::username::UsernameModule;
use crate::verification::VerificationModule;

/// The shipped modules that these settings switch on, and more.
pub fn modules(
    settings: &Settings,
    more: impl IntoIterator<Item = Arc<dyn Module>>,
) -> Result<Modules, ModuleConflict> {
    let mut modules = Modules::default();
    modules.add(Arc::new(UserModule))?;
    modules.add(Arc::new(SignInModule))?;
    modules.add(Arc::new(PasswordModule))?;
    modules.add(Arc::new(SessionModule))?;
    modules.add(Arc::new(ProfileModule))?;
    modules.add(Arc::new(VerificationModule))?;
    modules.add(Arc::new(AccountModule))?;
    modules.add(Arc::new(ExportModule))?;
    if settings.admin.enabled {
        modules.add(Arc::new(AdminModule))?;
    }
    modules.add(Arc::new(AuditLogModule))?;
    if settings.username.enabled {
        modules.add(Arc::new(UsernameModule))?;
    }
    modules.add(Arc::new(SystemModule))?;
    for module in more {
        modules.add(module)?;
    }
    Ok(modules)
}
