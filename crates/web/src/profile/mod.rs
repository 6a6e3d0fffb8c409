//! Looking after one's own data, over HTTP.

mod change_email;
mod delete;
mod update;

use actix_web::web::Data;
use doorward_application::Context;
use doorward_application::profile::{ChangeEmail, DeleteUser, UpdateUser};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::Module;

/// Changing and deleting the own user.
pub(crate) struct ProfileModule {
    update: Data<UpdateUser>,
    change_email: Data<ChangeEmail>,
    delete: Data<DeleteUser>,
}

impl ProfileModule {
    /// The feature in this context.
    pub(crate) fn new(context: &Context) -> Self {
        Self {
            update: Data::new(UpdateUser::new(context.clone())),
            change_email: Data::new(ChangeEmail::new(context.clone())),
            delete: Data::new(DeleteUser::new(context.clone())),
        }
    }
}

impl Module for ProfileModule {
    fn id(&self) -> &'static str {
        "user"
    }

    fn routes(&self, config: &mut ServiceConfig<'_>) {
        config
            .app_data(self.update.clone())
            .app_data(self.change_email.clone())
            .app_data(self.delete.clone())
            .service(update::update_user)
            .service(change_email::change_email)
            .service(delete::delete_user)
            .service(delete::open_deletion_link);
    }
}
