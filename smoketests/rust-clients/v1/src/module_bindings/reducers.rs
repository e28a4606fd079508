use spacetimedb_sdk::__codegen::__ws::{BsatnFormat, ReducerCallInfo};
use spacetimedb_sdk::__codegen::{self as sdk, __lib, InternalError};

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
}

impl TryFrom<ReducerCallInfo<BsatnFormat>> for Reducer {
    type Error = sdk::Error;

    fn try_from(call: ReducerCallInfo<BsatnFormat>) -> sdk::Result<Self> {
        match &call.reducer_name[..] {
            "write" => Ok(Reducer::Write { text: sdk::parse_reducer_args::<TextArgs>("write", &call.args)?.text }),
            "erase" => Ok(Reducer::Erase { text: sdk::parse_reducer_args::<TextArgs>("erase", &call.args)?.text }),
            "missing" => Ok(Reducer::Missing),
            unknown => Err(InternalError::unknown_name("reducer", unknown, "ReducerCallInfo").into()),
        }
    }
}

#[derive(__lib::ser::Serialize, __lib::de::Deserialize)]
#[sats(crate = __lib)]
struct TextArgs {
    text: String,
}

impl sdk::InModule for TextArgs {
    type Module = RemoteModule;
}

#[derive(__lib::ser::Serialize)]
#[sats(crate = __lib)]
struct NoArgs {}

impl sdk::InModule for NoArgs {
    type Module = RemoteModule;
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

    pub fn call(&self, reducer: Reducer) -> sdk::Result<()> {
        match reducer {
            Reducer::Write { text } => self.imp.call_reducer("write", TextArgs { text }),
            Reducer::Erase { text } => self.imp.call_reducer("erase", TextArgs { text }),
            Reducer::Missing => self.imp.call_reducer("missing", NoArgs {}),
        }
    }

    pub fn on_call(&self, reducer: &'static str, callback: impl FnMut(&ReducerEventContext) + Send + 'static) {
        self.imp.on_reducer(reducer, Box::new(callback));
    }
}
