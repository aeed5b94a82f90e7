//! Documents of others, fetched by Node: its `fetch` knows the user's proxies and certificates.

use std::sync::{Mutex, PoisonError};

use kontract_gateway::{Document, Fetch, FetchError};
use napi::bindgen_prelude::{Function, Result, Status};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use tokio::sync::oneshot;

/// The function in JavaScript. Weak: it keeps no process alive.
type Getter = ThreadsafeFunction<NativeFetch, (), NativeFetch, Status, false, true, 0>;

type End = oneshot::Sender<std::result::Result<Document, FetchError>>;

/// What the gateway fetches with; nothing when it was given no function.
pub struct JsFetch {
    getter: Option<Getter>,
}

impl JsFetch {
    /// Wraps the JavaScript function `(fetch) => void`.
    pub fn new(get: Option<&Function<'_, NativeFetch, ()>>) -> Result<Self> {
        let build = |get: &Function<'_, NativeFetch, ()>| {
            get.build_threadsafe_function::<NativeFetch>()
                .weak::<true>()
                .build()
        };
        Ok(Self {
            getter: get.map(build).transpose()?,
        })
    }
}

impl Fetch for JsFetch {
    async fn get(&self, url: &str, limit: usize) -> std::result::Result<Document, FetchError> {
        let gone = |what: &str| FetchError(what.to_owned());
        let Some(getter) = &self.getter else {
            return Err(gone("the server was started without a way to fetch"));
        };
        let (finished, end) = oneshot::channel();
        let fetch = NativeFetch {
            url: url.to_owned(),
            limit,
            end: Mutex::new(Some(finished)),
        };
        if getter.call(fetch, ThreadsafeFunctionCallMode::NonBlocking) != Status::Ok {
            return Err(gone("JavaScript's thread takes no calls"));
        }
        end.await.unwrap_or_else(|_| Err(gone("no answer")))
    }
}

/// One document to be fetched.
#[napi]
pub struct NativeFetch {
    url: String,
    limit: usize,
    end: Mutex<Option<End>>,
}

#[napi]
impl NativeFetch {
    /// Where it is.
    #[napi(getter)]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The most bytes its body may have.
    #[napi(getter)]
    pub fn limit(&self) -> u32 {
        u32::try_from(self.limit).unwrap_or(u32::MAX)
    }

    /// It came. Only the first answer counts.
    #[napi]
    pub fn finish(&self, status: u16, body: &[u8], cache_control: Option<String>) {
        self.end(Ok(Document {
            status,
            cache_control,
            body: body.to_vec(),
        }));
    }

    /// It did not. Only the first answer counts.
    #[napi]
    pub fn fail(&self, message: String) {
        self.end(Err(FetchError(message)));
    }

    fn end(&self, outcome: std::result::Result<Document, FetchError>) {
        let end = self
            .end
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(end) = end {
            // The gateway waits only so long.
            let _ = end.send(outcome);
        }
    }
}
