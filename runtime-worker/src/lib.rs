//! The Workers host of the gateway.
