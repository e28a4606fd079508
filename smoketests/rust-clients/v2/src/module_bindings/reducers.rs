use spacetimedb_sdk::__codegen::{self as sdk, __sats::bsatn, InternalError};

use super::{ReducerEventContext, RemoteModule};

/// A call, with its arguments.
#[derive(Clone, PartialEq, Debug)]
pub enum Reducer {
    Write {
        text: String,
    },
    Erase {
        text: String,
    },
    /// Not in the module: as if these bindings were older than it.
    Missing,
}

impl sdk::InModule for Reducer {
    type Module = RemoteModule;
}

impl sdk::Reducer for Reducer {
    fn reducer_name(&self) -> &'static str {
        match self {
            Reducer::Write { .. } => "write",
            Reducer::Erase { .. } => "erase",
            Reducer::Missing => "missing",
        }
    }

    fn args_bsatn(&self) -> Result<Vec<u8>, bsatn::EncodeError> {
        match self {
            // A product of one is encoded like the one.
            Reducer::Write { text } | Reducer::Erase { text } => bsatn::to_vec(text),
            Reducer::Missing => Ok(Vec::new()),
        }
    }
}

pub struct RemoteReducers {
    imp: sdk::DbContextImpl<RemoteModule>,
}

impl sdk::InModule for RemoteReducers {
    type Module = RemoteModule;
}

impl RemoteReducers {
    pub fn new(imp: sdk::DbContextImpl<RemoteModule>) -> Self {
        Self { imp }
    }

    pub fn call_then(
        &self,
        reducer: Reducer,
        callback: impl FnOnce(&ReducerEventContext, Result<Result<(), String>, InternalError>) + Send + 'static,
    ) -> sdk::Result<()> {
        self.imp.invoke_reducer_with_callback(reducer, callback)
    }
}
