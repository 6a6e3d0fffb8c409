mod http;
mod use_case;
