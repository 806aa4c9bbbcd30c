-- The person was changed, or was not: ends their sessions but one, or none; and forgets that it was to be done.
-- KEYS: endings, endings of the person, sessions of the person. ARGV: person, ticket, whether to end, kept session or nothing.
if ARGV[3] == '1' then
  for _, id in ipairs(redis.call('SMEMBERS', KEYS[3])) do
    if id ~= ARGV[4] then
      local key = '{pendopo}:session:' .. id
      local secret = redis.call('HGET', key, 'secret')
      if secret then
        redis.call('DEL', key, '{pendopo}:secret:' .. secret)
      end
      redis.call('SREM', KEYS[3], id)
    end
  end
end
redis.call('HDEL', KEYS[2], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('SREM', KEYS[1], ARGV[1])
end
return 1
