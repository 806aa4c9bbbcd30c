-- Writes down each request as Apache understood it, but for its body: not all are shown to scripts.
function handle(r)
  local fields = { r.method, r.unparsed_uri, "" }
  for name, value in pairs(r:headers_in_table()) do
    table.insert(fields, name:lower() .. ":" .. value)
  end
  local seen = io.open(r.document_root .. "/seen", "ab")
  seen:write(table.concat(fields, "\31") .. "\30\n")
  seen:close()
  r:puts("ok")
  return apache2.OK
end
