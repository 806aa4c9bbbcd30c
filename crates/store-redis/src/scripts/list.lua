-- A person's sessions, each with its fields. KEYS: sessions of the person.
local found = {}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local known = redis.call('HMGET', '{pendopo}:session:' .. id, 'person', 'secret', 'created', 'seen', 'rest')
  if known[1] then
    table.insert(found, {id, known[1], known[2], known[3], known[4], known[5], '0'})
  else
    redis.call('SREM', KEYS[1], id)
  end
end
return found
