mod hostile;
mod naptr;
mod plain;
mod srv;
mod zone;
