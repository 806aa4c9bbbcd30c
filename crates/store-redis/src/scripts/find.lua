-- The session with a secret: nothing, or its fields, and whether its person was changed so that it may have to end.
-- KEYS: secret.
local id = redis.call('GET', KEYS[1])
if not id then
  return {}
end
local known = redis.call('HMGET', '{pendopo}:session:' .. id, 'person', 'secret', 'created', 'seen', 'rest')
if not known[1] then
  return {}
end
local ending = redis.call('EXISTS', '{pendopo}:endings:' .. known[1])
return {id, known[1], known[2], known[3], known[4], known[5], tostring(ending)}
