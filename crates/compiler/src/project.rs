//! What a compile reads: the project's files and the options.

/// A project: its source files and its lock file. Paths are relative to the project, with `/`.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// Every source file below `src/`, in any order: the compiler sorts them.
    pub files: Vec<SourceFile>,
    /// The text of `kontract.lock.json`, if there is one.
    pub lock: Option<String>,
}

/// One source file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// Path relative to the project, with `/`: `src/api/todos.ts`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What a build can be told.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Development or production.
    pub mode: Mode,
    /// What the client half knows of its server.
    pub client: ClientConfig,
    /// The files a page loads, by path: client code starts there.
    pub pages: Vec<String>,
    /// What a backend function is called on the wire.
    pub routes: RouteNames,
    /// How many folders deep in the project the output lies: imports of what is no module lead out of it.
    pub out_depth: usize,
    /// How the sources are to be read.
    pub language: Language,
    /// Calls every middleware instead of splicing what can be spliced: what tests compare with.
    pub closures: bool,
    /// Whether the server half is optimised; by default that of a production build is.
    pub optimise: Option<bool>,
}

impl Options {
    pub(crate) fn optimises(&self) -> bool {
        self.optimise.unwrap_or(self.mode == Mode::Production)
    }
}

/// What `tsconfig.json` says of the language the sources are written in; the defaults are TypeScript's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "one field for each option of tsconfig.json"
)]
pub struct Language {
    /// `experimentalDecorators`: TypeScript's own decorators, else those of ECMAScript (2023-11).
    pub legacy_decorators: bool,
    /// `emitDecoratorMetadata`.
    pub decorator_metadata: bool,
    /// Not `useDefineForClassFields`: fields are assigned, and those without a value are not there.
    pub assigned_fields: bool,
    /// `"jsx": "react"`: calls of a factory instead of the automatic runtime.
    pub classic_jsx: bool,
    /// `jsxImportSource`: whose automatic runtime, `react` by default.
    pub jsx_import_source: Option<String>,
    /// `jsxFactory`, `React.createElement` by default.
    pub jsx_factory: Option<String>,
    /// `jsxFragmentFactory`, `React.Fragment` by default.
    pub jsx_fragment_factory: Option<String>,
    /// `verbatimModuleSyntax`: an import stays unless it says `type`.
    pub verbatim_imports: bool,
}

/// What backend functions are called on the wire.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RouteNames {
    /// By their name: `getUser`.
    #[default]
    ByName,
    /// By their module and name: `users.getUser`.
    ByModule,
}

/// The two kinds of build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// A build for `kontract dev`.
    #[default]
    Development,
    /// A build for `kontract build`.
    Production,
}

impl Mode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// Where the client calls, and whose key it believes.
#[derive(Debug, Clone, Default)]
pub struct ClientConfig {
    /// The server's URL; without it the client asks its surroundings.
    pub url: Option<String>,
    /// The server's public keys, base64url.
    pub pins: Vec<String>,
    /// What it encrypts with.
    pub suite: Suite,
}

/// The client's cipher, and with it which of two implementations a bundle holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Suite {
    /// ChaCha20-Poly1305, in `WebAssembly`.
    #[default]
    ChaCha20Poly1305,
    /// AES-256-GCM, by the platform's `WebCrypto`: a fraction of the size, slower per call.
    Aes256Gcm,
}

impl Suite {
    /// The module the client stands on.
    pub(crate) fn client_module(self) -> &'static str {
        match self {
            Self::ChaCha20Poly1305 => "kontract/client",
            Self::Aes256Gcm => "kontract/client/webcrypto",
        }
    }
}
