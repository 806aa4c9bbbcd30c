-- Starts a session. KEYS: untold, last session, secret.
-- ARGV: ticket, change, person, secret's digest, created, seen, rest, dead if seen up to, dead if created up to,
-- secret that is replaced or nothing, life in seconds.
local done = redis.call('HGET', KEYS[1], ARGV[1])
if done then
  return string.match(done, '^%d+')
end
local function forget(id)
  local key = '{pendopo}:session:' .. id
  local known = redis.call('HMGET', key, 'person', 'secret')
  if known[1] then
    redis.call('DEL', key, '{pendopo}:secret:' .. known[2])
    redis.call('SREM', '{pendopo}:sessions:' .. known[1], id)
  end
end
local mine = '{pendopo}:sessions:' .. ARGV[3]
for _, id in ipairs(redis.call('SMEMBERS', mine)) do
  local known = redis.call('HMGET', '{pendopo}:session:' .. id, 'seen', 'created')
  if not known[1] then
    redis.call('SREM', mine, id)
  elseif tonumber(known[1]) <= tonumber(ARGV[8]) or tonumber(known[2]) <= tonumber(ARGV[9]) then
    forget(id)
  end
end
if ARGV[10] ~= '' then
  local replaced = redis.call('GET', '{pendopo}:secret:' .. ARGV[10])
  if replaced then
    forget(replaced)
  end
end
local id = tostring(redis.call('INCR', KEYS[2]))
local key = '{pendopo}:session:' .. id
redis.call('HSET', key, 'person', ARGV[3], 'secret', ARGV[4], 'created', ARGV[5], 'seen', ARGV[6], 'rest', ARGV[7])
redis.call('EXPIRE', key, ARGV[11])
redis.call('SET', KEYS[3], id, 'EX', ARGV[11])
redis.call('SADD', mine, id)
redis.call('EXPIRE', mine, ARGV[11])
redis.call('HSET', KEYS[1], ARGV[1], id .. ' ' .. ARGV[2])
return id
