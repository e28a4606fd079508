use spacetimedb_sdk::__codegen::{self as sdk, __lib, InternalError};

use super::{ProcedureEventContext, RemoteModule};

macro_rules! arguments {
    ($($name:ident { $($field:ident: $type:ty),* })*) => {$(
        #[derive(__lib::ser::Serialize)]
        #[sats(crate = __lib)]
        struct $name {
            $($field: $type),*
        }

        impl sdk::InModule for $name {
            type Module = RemoteModule;
        }
    )*};
}

arguments! {
    DivideArgs { dividend: i32, divisor: i32 }
    ManyBytesArgs { count: u32 }
    PanicWithArgs { message: String }
    WriteInTransactionArgs { text: String }
}

pub struct RemoteProcedures {
    imp: sdk::DbContextImpl<RemoteModule>,
}

impl sdk::InModule for RemoteProcedures {
    type Module = RemoteModule;
}

impl RemoteProcedures {
    pub fn new(imp: sdk::DbContextImpl<RemoteModule>) -> Self {
        Self { imp }
    }

    pub fn divide_then(
        &self,
        dividend: i32,
        divisor: i32,
        callback: impl FnOnce(&ProcedureEventContext, Result<Result<i32, String>, InternalError>) + Send + 'static,
    ) {
        self.imp.invoke_procedure_with_callback("divide", DivideArgs { dividend, divisor }, callback);
    }

    pub fn many_bytes_then(
        &self,
        count: u32,
        callback: impl FnOnce(&ProcedureEventContext, Result<Vec<u8>, InternalError>) + Send + 'static,
    ) {
        self.imp.invoke_procedure_with_callback("many_bytes", ManyBytesArgs { count }, callback);
    }

    pub fn panic_with_then(
        &self,
        message: String,
        callback: impl FnOnce(&ProcedureEventContext, Result<(), InternalError>) + Send + 'static,
    ) {
        self.imp.invoke_procedure_with_callback("panic_with", PanicWithArgs { message }, callback);
    }

    pub fn write_in_transaction_then(
        &self,
        text: String,
        callback: impl FnOnce(&ProcedureEventContext, Result<u64, InternalError>) + Send + 'static,
    ) {
        self.imp.invoke_procedure_with_callback("write_in_transaction", WriteInTransactionArgs { text }, callback);
    }
}
