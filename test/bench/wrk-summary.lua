-- Prints what wrk counted, for the scenario that started it.
function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '\nSUMMARY {"bytes":%d,"seconds":%f,"requests":%d,"errors":%d}\n',
    summary.bytes, summary.duration / 1e6, summary.requests,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end
