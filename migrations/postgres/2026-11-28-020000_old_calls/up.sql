-- What may be deleted for its age is found without reading everything that is kept.
CREATE INDEX received_call_old ON received_call (received_at) WHERE state <> 'stored';
